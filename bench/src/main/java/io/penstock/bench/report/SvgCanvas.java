package io.penstock.bench.report;

import java.util.Locale;

/** An SVG picture whose colours are the page's. */
final class SvgCanvas implements Canvas {
    private static final double MARK = 4.5;

    private final StringBuilder svg = new StringBuilder();

    /** The picture of a plot; {@code style} is a class of the style sheet. */
    static String of(Plot plot, double width, String style) {
        var canvas = new SvgCanvas();
        double height = plot.height(width);
        plot.draw(canvas, width);
        return format("<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\""
                        + " aria-label=\"%s\">\n", style, width, height, width, height,
                escape(plot.title() + ". " + plot.description()))
                + canvas.svg + "</svg>\n";
    }

    @Override
    public void line(double x1, double y1, double x2, double y2, Ink ink) {
        svg.append(format("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", ink.style(), x1,
                y1, x2, y2));
    }

    @Override
    public void path(double[] xs, double[] ys, Ink ink, boolean isDashed) {
        svg.append("<polyline class=\"").append(ink.style()).append(isDashed ? " dashed" : "").append("\" points=\"");
        for (int i = 0; i < xs.length; i++) {
            svg.append(format(i == 0 ? "%.1f,%.1f" : " %.1f,%.1f", xs[i], ys[i]));
        }
        svg.append("\"/>\n");
    }

    @Override
    public void mark(double x, double y, Ink ink, int shape, String tip) {
        String form = switch (shape % 4) {
            case 0 -> format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"", x, y, MARK);
            case 1 -> format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", x - MARK, y - MARK,
                    2 * MARK, 2 * MARK);
            case 2 -> format("<path d=\"M%.1f %.1fl6 6l-6 6l-6-6z\"", x, y - 6);
            default -> format("<path d=\"M%.1f %.1fl6 10h-12z\"", x, y - 6);
        };
        svg.append(form).append(" class=\"fill ").append(ink.style()).append("\"><title>").append(escape(tip))
                .append("</title>").append("</").append(form, 1, form.indexOf(' ')).append(">\n");
    }

    @Override
    public void box(double x, double y, double width, double height, Ink ink, String tip) {
        svg.append(format("<rect class=\"fill %s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"><title>%s"
                + "</title></rect>\n", ink.style(), x, y, Math.max(width, 0.75), height, escape(tip)));
    }

    @Override
    public void text(double x, double y, String text, Anchor anchor, Ink ink) {
        svg.append(format("<text class=\"%s %s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", ink.style(),
                anchor.name().toLowerCase(Locale.ROOT), x, y, escape(text)));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
