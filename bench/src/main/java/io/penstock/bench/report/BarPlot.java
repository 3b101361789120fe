package io.penstock.bench.report;

import io.penstock.bench.report.Canvas.Anchor;
import java.util.ArrayList;
import java.util.List;

/**
 * Horizontal bars: a row's bars under each other, or stacked end to end.
 *
 * @param label of the values, with their unit
 * @param reference where a line marks a value to compare with; 0 for none
 */
record BarPlot(String title, String description, String label, boolean isStacked, double reference,
        List<String> series, List<Row> rows) implements Plot {
    private static final double BAR = 13;
    private static final double GAP = 9;
    private static final double NARROW = 520;
    private static final double VALUE_SPACE = 64;

    /** @param values one for each series; NaN where there is none */
    record Row(String name, List<Double> values) {
        Row {
            values = List.copyOf(values);
        }
    }

    BarPlot {
        series = List.copyOf(series);
        rows = List.copyOf(rows);
    }

    private double rowHeight(Row row, double width) {
        long bars = isStacked ? 1 : row.values().stream().filter(value -> !value.isNaN()).count();
        return bars * BAR + GAP + (width < NARROW ? Canvas.LINE : 0);
    }

    @Override
    public double height(double width) {
        return rows.stream().mapToDouble(row -> rowHeight(row, width)).sum() + 34
                + (series.size() > 1 ? legendRows(width) * Canvas.LINE + 10 : 0);
    }

    private int legendRows(double width) {
        int numRows = 1;
        double at = 4;
        for (String name : series) {
            double wide = 18 + Canvas.widthOf(name) + 12;
            if (at + wide > width && at > 4) {
                numRows++;
                at = 4;
            }
            at += wide;
        }
        return numRows;
    }

    private double most() {
        double most = reference;
        for (Row row : rows) {
            double sum = 0;
            for (double value : row.values()) {
                if (!Double.isNaN(value)) {
                    sum = isStacked ? sum + value : Math.max(sum, value);
                }
            }
            most = Math.max(most, sum);
        }
        return most <= 0 ? 1 : most;
    }

    @Override
    public void draw(Canvas canvas, double width) {
        double nameSpace = width < NARROW ? 4 : Math.min(width * 0.36,
                12 + rows.stream().mapToDouble(row -> Canvas.widthOf(row.name())).max().orElse(0));
        double area = width - nameSpace - VALUE_SPACE;
        double scale = area / most();
        double top = 22;
        canvas.text(nameSpace, 14, label, Anchor.START, Ink.MUTED);
        double bottom = top + rows.stream().mapToDouble(row -> rowHeight(row, width)).sum();
        for (Row row : rows) {
            double height = rowHeight(row, width);
            double barTop = top;
            if (width < NARROW) {
                canvas.text(nameSpace, top + 13, Canvas.fitted(row.name(), width), Anchor.START, Ink.TEXT);
                barTop += Canvas.LINE;
            } else {
                canvas.text(nameSpace - 8, top + (height - GAP) / 2 + 4, Canvas.fitted(row.name(), nameSpace - 8),
                        Anchor.END, Ink.TEXT);
            }
            drawRow(canvas, row, nameSpace, barTop, scale);
            top += height;
        }
        canvas.line(nameSpace, 20, nameSpace, bottom, Ink.MUTED);
        if (reference > 0) {
            canvas.path(new double[] {nameSpace + reference * scale, nameSpace + reference * scale},
                    new double[] {20, bottom}, Ink.TEXT, true);
        }
        if (series.size() > 1) {
            drawLegend(canvas, width, bottom + 20);
        }
    }

    private void drawRow(Canvas canvas, Row row, double left, double top, double scale) {
        double x = left;
        double y = top;
        double sum = 0;
        for (int i = 0; i < row.values().size(); i++) {
            double value = row.values().get(i);
            if (Double.isNaN(value)) {
                continue;
            }
            canvas.box(x, y, value * scale, BAR - 1, Ink.series(i),
                    row.name() + ", " + series.get(i) + ": " + Figures.show(value) + " " + label);
            sum += value;
            if (isStacked) {
                x += value * scale;
            } else {
                canvas.text(x + value * scale + 5, y + 10.5, Figures.show(value), Anchor.START, Ink.TEXT);
                y += BAR;
            }
        }
        if (isStacked) {
            canvas.text(x + 5, y + 10.5, Figures.show(sum), Anchor.START, Ink.TEXT);
        }
    }

    private void drawLegend(Canvas canvas, double width, double top) {
        double at = 4;
        double baseline = top;
        for (int i = 0; i < series.size(); i++) {
            double wide = 18 + Canvas.widthOf(series.get(i)) + 12;
            if (at + wide > width && at > 4) {
                at = 4;
                baseline += Canvas.LINE;
            }
            canvas.box(at, baseline - 10, 12, 12, Ink.series(i), series.get(i));
            canvas.text(at + 18, baseline, series.get(i), Anchor.START, Ink.TEXT);
            at += wide;
        }
    }

    @Override
    public Table data() {
        List<String> heading = new ArrayList<>(List.of(label));
        heading.addAll(series);
        List<List<String>> cells = new ArrayList<>();
        for (Row row : rows) {
            List<String> line = new ArrayList<>(List.of(row.name()));
            row.values().forEach(value -> line.add(Double.isNaN(value) ? "" : Figures.show(value)));
            cells.add(line);
        }
        return new Table(heading, cells);
    }
}
