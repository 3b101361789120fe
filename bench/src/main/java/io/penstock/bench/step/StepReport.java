package io.penstock.bench.step;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A profile as a table for people and as results. */
public final class StepReport {
    /** The results file's name. */
    public static final String SUITE = "step-profile";

    private static final double MEGA = 1e6;

    private StepReport() {}

    /** The known device whose floors fit a GPU's name; the H200's where none does. */
    public static String specOf(String gpu) {
        String name = gpu.toLowerCase(Locale.ROOT).replace(" ", "");
        for (String known : List.of("h200", "h100", "l40s", "rtx4090")) {
            if (name.contains(known)) {
                return known;
            }
        }
        return !name.contains("a100") ? "h200" : name.contains("40gb") ? "a100-40" : "a100-80";
    }

    /** A line an operation, and one for the whole step. */
    public static List<String> lines(String title, StepProfile.Step step, StepProfile.Result result) {
        boolean isTimed = result.step().containsKey(StepProfile.DIRECT_US);
        List<String> lines = new ArrayList<>();
        lines.add(title + ": " + (step.isPrefill() ? "prefill of " + step.context() + " tokens"
                : "decode of " + step.numSeqs() + " sequences of " + step.context() + " tokens"));
        lines.add(isTimed
                ? String.format(Locale.ROOT, "%-26s %6s %12s %12s %9s %8s", "operation", "calls", "us", "floor us",
                        "of floor", "of step")
                : String.format(Locale.ROOT, "%-26s %6s %12s %12s %9s %8s", "operation", "calls", "traffic MB",
                        "floor MB", "to floor", "launches"));
        double sum = result.rows().stream().mapToDouble(row -> row.metrics().getOrDefault("us", 0.0)).sum();
        double traffic = 0;
        double floor = 0;
        double floorUs = 0;
        for (StepProfile.Row row : result.rows()) {
            lines.add(isTimed ? timed(row, sum) : counted(row));
            traffic += row.metrics().getOrDefault("trafficBytes", 0.0);
            floor += row.floorBytes();
            floorUs += row.floorUs();
        }
        lines.add(isTimed
                ? String.format(Locale.ROOT, "all operations %.1f us, floors %.1f us (%.0f %%); step %s", sum, floorUs,
                        100 * floorUs / sum, result.step())
                : String.format(Locale.ROOT, "traffic %.1f MB, floor %.1f MB (%.3f); %.0f launches; operations of which"
                        + " the model has more layers than were run are scaled", traffic / MEGA, floor / MEGA,
                        traffic / floor, result.step().get("launches")));
        for (StepProfile.Way way : StepProfile.Way.values()) {
            if (result.step().containsKey(way.directUs)) {
                lines.add(compared(way, result.step()));
            }
        }
        return lines;
    }

    /** By graph, where there is one. */
    private static String compared(StepProfile.Way way, Map<String, Double> step) {
        boolean isByGraph = step.containsKey(way.replayUs);
        double whole = step.get(isByGraph ? StepProfile.REPLAY_US : StepProfile.DIRECT_US);
        double other = step.get(isByGraph ? way.replayUs : way.directUs);
        return String.format(Locale.ROOT, "plain %.1f us, %s %.1f us (%.2f of it); %s", whole, way.words,
                other, other / whole, isByGraph ? "by graph" : "launched directly");
    }

    private static String timed(StepProfile.Row row, double sum) {
        double us = row.metrics().getOrDefault("us", Double.NaN);
        return String.format(Locale.ROOT, "%-26s %6d %12.1f %12.1f %7.0f %% %6.1f %%", row.name(), row.numCalls(), us,
                row.floorUs(), 100 * row.floorUs() / us, 100 * us / sum);
    }

    private static String counted(StepProfile.Row row) {
        double traffic = row.metrics().getOrDefault("trafficBytes", Double.NaN);
        return String.format(Locale.ROOT, "%-26s %6d %12.3f %12.3f %9.3f %8.0f", row.name(), row.numCalls(),
                traffic / MEGA, row.floorBytes() / MEGA, traffic / row.floorBytes(),
                row.metrics().getOrDefault("launches", Double.NaN));
    }

    /** One result an operation that was measured, and one for the whole step. */
    public static List<BenchResult> results(
            String model, StepProfile.Step step, StepProfile.Result result, RunContext context) {
        Map<String, Object> config = Map.of(
                "numSeqs", step.numSeqs(), "context", step.context(), "prefill", step.isPrefill());
        List<BenchResult> results = new ArrayList<>();
        for (StepProfile.Row row : result.rows()) {
            if (!row.metrics().isEmpty()) {
                Map<String, Double> metrics = new LinkedHashMap<>(row.metrics());
                metrics.put("numCalls", (double) row.numCalls());
                metrics.put("floorBytes", row.floorBytes());
                metrics.put("floorUs", row.floorUs());
                results.add(new BenchResult(SUITE, row.name(), context, model, config, metrics, null));
            }
        }
        results.add(new BenchResult(SUITE, "step", context, model, config, result.step(), null));
        return results;
    }
}
