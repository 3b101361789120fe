package io.penstock.bench.report;

import io.penstock.bench.report.Canvas.Anchor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Steps over time: what the host did in them, when the device ran them, and in red the time in between in which the
 * device had nothing to do.
 */
record TimelinePlot(String title, String description, List<Step> steps) implements Plot {
    private static final double LANE = 22;
    private static final double LEFT = 62;
    private static final double RIGHT = 12;
    private static final String[] LANES = {"schedule", "launch", "await", "process", "device"};

    /**
     * Microseconds from the first step's beginning.
     *
     * @param hostUs schedule, launch, await and process, one after the other
     * @param tokens that the device computed
     */
    record Step(String name, double startUs, double[] hostUs, double deviceStartUs, double deviceEndUs,
            double tokens) {}

    TimelinePlot {
        steps = List.copyOf(steps);
    }

    @Override
    public double height(double width) {
        return 26 + LANES.length * LANE + 46;
    }

    private double beginUs() {
        return steps.getFirst().startUs();
    }

    private double endUs() {
        return steps.stream().mapToDouble(Step::deviceEndUs).max().orElse(1);
    }

    /** Time between two steps in which the device waits for the host. */
    private static double gapUs(Step before, Step step) {
        return Math.max(0, step.deviceStartUs() - before.deviceEndUs());
    }

    @Override
    public void draw(Canvas canvas, double width) {
        double begin = beginUs();
        double scale = (width - LEFT - RIGHT) / (endUs() - begin);
        for (int lane = 0; lane < LANES.length; lane++) {
            double bottom = 26 + (lane + 1) * LANE;
            canvas.text(LEFT - 8, bottom - 7, LANES[lane], Anchor.END, Ink.TEXT);
            canvas.line(LEFT, bottom - 1, width - RIGHT, bottom - 1, Ink.GRID);
        }
        Step before = null;
        for (Step step : steps) {
            double at = LEFT + (step.startUs() - begin) * scale;
            for (int phase = 0; phase < step.hostUs().length; phase++) {
                double us = step.hostUs()[phase];
                canvas.box(at, 26 + phase * LANE + 4, us * scale, LANE - 8, Ink.series(phase),
                        step.name() + ", " + LANES[phase] + ": " + Figures.show(us) + " µs");
                at += us * scale;
            }
            double top = 26 + 4 * LANE + 4;
            if (before != null && gapUs(before, step) > 0) {
                canvas.box(LEFT + (before.deviceEndUs() - begin) * scale, top, gapUs(before, step) * scale, LANE - 8,
                        Ink.GAP, "gap before " + step.name() + ": " + Figures.show(gapUs(before, step)) + " µs");
            }
            canvas.box(LEFT + (step.deviceStartUs() - begin) * scale, top,
                    (step.deviceEndUs() - step.deviceStartUs()) * scale - 1, LANE - 8, Ink.S5,
                    step.name() + ", device: " + Figures.show(step.deviceEndUs() - step.deviceStartUs()) + " µs, "
                            + Figures.show(step.tokens()) + " tokens");
            before = step;
        }
        drawScale(canvas, width, scale);
    }

    private void drawScale(Canvas canvas, double width, double scale) {
        double top = 26 + LANES.length * LANE;
        var axis = new Axis("ms", false, 0, (endUs() - beginUs()) / 1e3, List.of());
        for (double tick : axis.ticks()) {
            double at = LEFT + tick * 1e3 * scale;
            canvas.line(at, top, at, top + 4, Ink.MUTED);
            canvas.text(at, top + 17, Figures.tick(tick), Anchor.MIDDLE, Ink.MUTED);
        }
        canvas.text(width - RIGHT, top + 34, "ms", Anchor.END, Ink.MUTED);
        canvas.box(LEFT, top + 25, 12, 12, Ink.GAP, "gap");
        canvas.text(LEFT + 18, top + 35, String.format(Locale.ROOT, "the device waits: %.2f %% of the time",
                100 * gapShare()), Anchor.START, Ink.TEXT);
    }

    /** Share of the time between the first step's beginning on the device and the last one's end. */
    double gapShare() {
        double gaps = 0;
        for (int i = 1; i < steps.size(); i++) {
            gaps += gapUs(steps.get(i - 1), steps.get(i));
        }
        return gaps / (endUs() - steps.getFirst().deviceStartUs());
    }

    @Override
    public Table data() {
        List<List<String>> rows = new ArrayList<>();
        Step before = null;
        for (Step step : steps) {
            List<String> row = new ArrayList<>(List.of(step.name(), Figures.show(step.startUs() - beginUs())));
            for (double us : step.hostUs()) {
                row.add(Figures.show(us));
            }
            row.add(Figures.show(step.deviceEndUs() - step.deviceStartUs()));
            row.add(before == null ? "" : Figures.show(gapUs(before, step)));
            rows.add(row);
            before = step;
        }
        return new Table(List.of("step", "begins µs", "schedule µs", "launch µs", "await µs", "process µs",
                "device µs", "gap µs"), rows);
    }
}
