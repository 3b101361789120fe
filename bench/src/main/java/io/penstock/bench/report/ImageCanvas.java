package io.penstock.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** A PNG picture on white, at twice the size; needs no display. */
final class ImageCanvas implements Canvas {
    private static final int SCALE = 2;
    private static final double MARK = 4.5;
    private static final int TITLE = 26;
    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

    private final Graphics2D graphics;

    private ImageCanvas(Graphics2D graphics) {
        this.graphics = graphics;
    }

    /** The picture of a plot with its title. */
    static byte[] png(Plot plot, int width) {
        int height = (int) Math.ceil(plot.height(width)) + TITLE;
        var image = new BufferedImage(width * SCALE, height * SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
        graphics.scale(SCALE, SCALE);
        graphics.setFont(FONT.deriveFont(Font.BOLD, 14f));
        var canvas = new ImageCanvas(graphics);
        canvas.text(4, TITLE - 8, plot.title(), Anchor.START, Ink.TEXT);
        graphics.setFont(FONT);
        graphics.translate(0, TITLE);
        plot.draw(canvas, width);
        graphics.dispose();
        var bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private void use(Ink ink, boolean isThin, boolean isDashed) {
        graphics.setColor(ink.onWhite());
        graphics.setStroke(isDashed
                ? new BasicStroke(1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {5, 4}, 0)
                : new BasicStroke(isThin ? 1 : 2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND));
    }

    @Override
    public void line(double x1, double y1, double x2, double y2, Ink ink) {
        use(ink, true, false);
        graphics.draw(new Line2D.Double(x1, y1, x2, y2));
    }

    @Override
    public void path(double[] xs, double[] ys, Ink ink, boolean isDashed) {
        use(ink, false, isDashed);
        var path = new Path2D.Double();
        for (int i = 0; i < xs.length; i++) {
            if (i == 0) {
                path.moveTo(xs[i], ys[i]);
            } else {
                path.lineTo(xs[i], ys[i]);
            }
        }
        graphics.draw(path);
    }

    @Override
    public void mark(double x, double y, Ink ink, int shape, String tip) {
        graphics.setColor(ink.onWhite());
        switch (shape % 4) {
            case 0 -> graphics.fill(new Ellipse2D.Double(x - MARK, y - MARK, 2 * MARK, 2 * MARK));
            case 1 -> graphics.fill(new Rectangle2D.Double(x - MARK, y - MARK, 2 * MARK, 2 * MARK));
            case 2 -> fill(new double[] {x, x + 6, x, x - 6}, new double[] {y - 6, y, y + 6, y});
            default -> fill(new double[] {x, x + 6, x - 6}, new double[] {y - 6, y + 4, y + 4});
        }
    }

    private void fill(double[] xs, double[] ys) {
        var path = new Path2D.Double();
        path.moveTo(xs[0], ys[0]);
        for (int i = 1; i < xs.length; i++) {
            path.lineTo(xs[i], ys[i]);
        }
        path.closePath();
        graphics.fill(path);
    }

    @Override
    public void box(double x, double y, double width, double height, Ink ink, String tip) {
        graphics.setColor(ink.onWhite());
        graphics.fill(new Rectangle2D.Double(x, y, Math.max(width, 0.75), height));
    }

    @Override
    public void text(double x, double y, String text, Anchor anchor, Ink ink) {
        graphics.setColor(ink.onWhite());
        double width = graphics.getFontMetrics().stringWidth(text);
        double left = switch (anchor) {
            case START -> x;
            case MIDDLE -> x - width / 2;
            case END -> x - width;
        };
        graphics.drawString(text, (float) left, (float) y);
    }
}
