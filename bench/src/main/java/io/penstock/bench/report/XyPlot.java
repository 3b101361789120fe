package io.penstock.bench.report;

import io.penstock.bench.report.Canvas.Anchor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Points of several series over two axes. */
record XyPlot(String title, String description, Axis x, Axis y, List<Series> series) implements Plot {
    private static final double TOP = 30;
    private static final double RIGHT = 14;
    private static final double LEFT = 58;
    private static final double BOTTOM = 44;
    private static final double MARK_SPACE = 18;
    private static final int MAX_LEGEND = 14;

    /**
     * Points of one kind.
     *
     * @param isPublished not ours: dashed, if it is a line
     */
    record Series(String name, boolean isLine, boolean isPublished, List<Point> points) {
        Series {
            points = List.copyOf(points);
        }
    }

    /** @param note what else there is to say of it; may be empty */
    record Point(double x, double y, String note) {}

    XyPlot {
        series = List.copyOf(series);
    }

    @Override
    public double height(double width) {
        return areaHeight(width) + TOP + BOTTOM + legendRows(width).size() * Canvas.LINE + 8;
    }

    private static double areaHeight(double width) {
        return Math.min(320, width * 0.62);
    }

    private List<List<Integer>> legendRows(double width) {
        List<List<Integer>> rows = new ArrayList<>();
        double at = width;
        for (int i = 0; i < Math.min(series.size(), MAX_LEGEND); i++) {
            double wide = MARK_SPACE + Canvas.widthOf(series.get(i).name()) + 12;
            if (at + wide > width) {
                rows.add(new ArrayList<>());
                at = 4;
            }
            rows.getLast().add(i);
            at += wide;
        }
        if (series.size() > MAX_LEGEND) {
            rows.add(List.of(-1));
        }
        return rows;
    }

    @Override
    public void draw(Canvas canvas, double width) {
        double bottom = TOP + areaHeight(width);
        double areaWidth = width - LEFT - RIGHT;
        ToDoubleFunction<Double> atX = value -> LEFT + areaWidth * x.share(value);
        ToDoubleFunction<Double> atY = value -> bottom - (bottom - TOP) * y.share(value);
        for (double tick : y.ticks()) {
            double at = atY.applyAsDouble(tick);
            canvas.line(LEFT, at, width - RIGHT, at, Ink.GRID);
            canvas.text(LEFT - 6, at + 4, y.name(tick), Anchor.END, Ink.MUTED);
        }
        drawXTicks(canvas, atX, bottom, areaWidth);
        canvas.line(LEFT, bottom, width - RIGHT, bottom, Ink.MUTED);
        canvas.text(4, 16, y.label(), Anchor.START, Ink.MUTED);
        canvas.text(width - RIGHT, bottom + 38, x.label(), Anchor.END, Ink.MUTED);
        for (int i = 0; i < series.size(); i++) {
            drawSeries(canvas, i, atX, atY);
        }
        drawLegend(canvas, width, bottom + BOTTOM + 14);
    }

    private void drawXTicks(Canvas canvas, ToDoubleFunction<Double> atX, double bottom, double areaWidth) {
        double free = LEFT;
        for (double tick : x.ticks()) {
            double at = atX.applyAsDouble(tick);
            String name = x.name(tick);
            double half = Canvas.widthOf(name) / 2;
            canvas.line(at, bottom, at, bottom + 4, Ink.MUTED);
            if (at - half >= free - half && at + half <= LEFT + areaWidth + RIGHT) {
                canvas.text(at, bottom + 18, name, Anchor.MIDDLE, Ink.MUTED);
                free = at + 2 * half + 8;
            }
        }
    }

    private void drawSeries(Canvas canvas, int index, ToDoubleFunction<Double> atX, ToDoubleFunction<Double> atY) {
        Series drawn = series.get(index);
        double[] xs = drawn.points().stream().mapToDouble(point -> atX.applyAsDouble(point.x())).toArray();
        double[] ys = drawn.points().stream().mapToDouble(point -> atY.applyAsDouble(point.y())).toArray();
        if (drawn.isLine() && xs.length > 1) {
            canvas.path(xs, ys, Ink.series(index), drawn.isPublished());
        }
        for (int i = 0; i < xs.length; i++) {
            Point point = drawn.points().get(i);
            canvas.mark(xs[i], ys[i], Ink.series(index), shape(index), drawn.name() + ": "
                    + Figures.show(point.y()) + " at " + (x.names().isEmpty() ? Figures.show(point.x())
                    : x.name(point.x())) + (point.note().isEmpty() ? "" : " (" + point.note() + ")"));
        }
    }

    private static int shape(int index) {
        return index + index / 8;
    }

    private void drawLegend(Canvas canvas, double width, double top) {
        double baseline = top;
        for (List<Integer> row : legendRows(width)) {
            double at = 4;
            for (int i : row) {
                if (i < 0) {
                    canvas.text(at, baseline, "and " + (series.size() - MAX_LEGEND) + " more in the table",
                            Anchor.START, Ink.MUTED);
                    continue;
                }
                String name = Canvas.fitted(series.get(i).name(), width - MARK_SPACE - 8);
                canvas.mark(at + 6, baseline - 4, Ink.series(i), shape(i), series.get(i).name());
                canvas.text(at + MARK_SPACE, baseline, name, Anchor.START, Ink.TEXT);
                at += MARK_SPACE + Canvas.widthOf(name) + 12;
            }
            baseline += Canvas.LINE;
        }
    }

    @Override
    public Table data() {
        List<List<String>> rows = new ArrayList<>();
        for (Series each : series) {
            for (Point point : each.points()) {
                rows.add(List.of(each.name(), x.names().isEmpty() ? Figures.show(point.x()) : x.name(point.x()),
                        Figures.show(point.y()), point.note()));
            }
        }
        return new Table(List.of("series", x.label(), y.label(), "note"), rows);
    }
}
