package io.penstock.bench.report;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.engine.StepTimeline;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Recorded steps: the last recording of each device and number of sequences. */
final class Timelines {
    /** Steps that a picture has room for. */
    private static final int NUM_SHOWN = 24;

    private Timelines() {}

    static Section of(Results results) {
        Map<String, List<BenchResult>> recordings = new TreeMap<>();
        for (BenchResult result : results.of(StepTimeline.SUITE).all()) {
            String key = String.format(Locale.ROOT, "%s %6.0f", result.config().get("device"),
                    Results.setting(result, "numSeqs"));
            List<BenchResult> steps = recordings.computeIfAbsent(key, name -> new ArrayList<>());
            if (!steps.isEmpty() && !steps.getLast().context().date().equals(result.context().date())) {
                steps.clear();
            }
            steps.add(result);
        }
        List<Plot> plots = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        recordings.values().forEach(steps -> {
            TimelinePlot whole = plot(steps, steps.size());
            plots.add(plot(steps, Math.min(NUM_SHOWN, steps.size())));
            rows.add(List.of(whole.title(), Integer.toString(steps.size()),
                    Figures.show(100 * whole.gapShare()) + " %", steps.getLast().context().device()));
        });
        List<String> missing = plots.isEmpty()
                ? List.of("No steps are recorded: `./penstock bench timeline --save-result bench/results` does it.")
                : List.of();
        return new Section("timeline", "Step timeline", "The production engine's host work on this machine's clock,"
                + " against a device that takes each step's floor. A step is planned and launched while the one before"
                + " runs; red is time in which the device had nothing to do.", plots,
                new Table(List.of("recording", "steps", "device idle", "host"), rows), missing);
    }

    private static TimelinePlot plot(List<BenchResult> recorded, int numShown) {
        List<TimelinePlot.Step> steps = recorded.stream()
                .sorted(Comparator.comparingDouble(result -> result.metrics().get("deviceStartUs"))).limit(numShown)
                .map(Timelines::step).toList();
        Map<String, Object> config = new LinkedHashMap<>(recorded.getFirst().config());
        String title = Figures.show(((Number) config.get("numSeqs")).doubleValue()) + " sequences, floors of "
                + config.get("device");
        return new TimelinePlot(title, "The first " + steps.size() + " of " + recorded.size() + " steps: what the host"
                + " did in each, and when the device ran it.", steps);
    }

    private static TimelinePlot.Step step(BenchResult result) {
        Map<String, Double> m = result.metrics();
        return new TimelinePlot.Step(result.caseName(), m.get("startUs"),
                new double[] {m.get("scheduleUs"), m.get("launchUs"), m.get("awaitUs"), m.get("processUs")},
                m.get("deviceStartUs"), m.get("deviceEndUs"), m.get("tokens"));
    }
}
