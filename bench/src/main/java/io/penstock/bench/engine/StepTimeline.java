package io.penstock.bench.engine;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.bench.simulate.FloorCost;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.scheduler.engine.PhaseTimes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Decode steps one by one: what the production engine did on this host's clock, and when a device that takes each
 * step's floor ran it. A step's host phases are of the duty cycle that launched it; in the same cycle the tokens of
 * the step before are awaited and taken.
 */
public final class StepTimeline {
    /** Name of the results file. */
    public static final String SUITE = "step-timeline";

    private static final double NS_PER_US = 1e3;
    private static final int MORE_UNREAD = 8;

    private StepTimeline() {}

    /**
     * Records steps after as many that warm up.
     *
     * @param shape of the model, whose floors the steps take
     * @param numSteps recorded
     * @return a result a step; microseconds from the first one's beginning
     */
    public static List<BenchResult> record(
            String shape, DeviceSpec device, int numSeqs, int numSteps, RunContext context) {
        var cost = new FloorCost(ModelShapes.named(shape), device, 1);
        var runners = new FloorRunner[1];
        // Nothing is read meanwhile: fronts do that on threads of their own, and here are too few cores for them.
        try (var engine = new DecodingEngine(numSeqs, true, 2 * numSteps + MORE_UNREAD,
                (limits, vocab) -> runners[0] = new FloorRunner(limits, vocab, cost))) {
            engine.restart();
            double[][] rows = new double[numSteps][];
            for (int i = 0; i < numSteps; i++) {
                engine.step();
            }
            long originNs = System.nanoTime();
            for (int i = 0; i < numSteps; i++) {
                rows[i] = step(engine, runners[0], originNs);
            }
            return results(rows, shape, device, numSeqs, context);
        }
    }

    private static double[] step(DecodingEngine engine, FloorRunner runner, long originNs) {
        PhaseTimes times = engine.phaseTimes();
        long scheduleNs = times.scheduleNs();
        long launchNs = times.launchNs();
        long awaitNs = times.awaitNs();
        long processNs = times.processNs();
        long startNs = System.nanoTime();
        engine.step();
        int launched = runner.numLaunched() - 1;
        return new double[] {startNs - originNs, times.scheduleNs() - scheduleNs, times.launchNs() - launchNs,
            times.awaitNs() - awaitNs, times.processNs() - processNs, runner.startNs(launched) - originNs,
            runner.endNs(launched) - originNs, runner.numTokens(launched) * NS_PER_US};
    }

    private static List<BenchResult> results(
            double[][] rows, String shape, DeviceSpec device, int numSeqs, RunContext context) {
        String[] names = {"startUs", "scheduleUs", "launchUs", "awaitUs", "processUs", "deviceStartUs", "deviceEndUs",
            "tokens"};
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("device", device.name());
        config.put("numSeqs", numSeqs);
        List<BenchResult> results = new ArrayList<>();
        for (int i = 0; i < rows.length; i++) {
            Map<String, Double> metrics = new LinkedHashMap<>();
            for (int j = 0; j < names.length; j++) {
                metrics.put(names[j], rows[i][j] / NS_PER_US);
            }
            results.add(new BenchResult(SUITE, String.format(Locale.ROOT, "step-%03d", i), context, shape, config,
                    metrics, null));
        }
        return results;
    }

    /** Share of the recorded time in which the device had nothing to do. */
    public static double idleShare(List<BenchResult> steps) {
        double idle = 0;
        for (int i = 1; i < steps.size(); i++) {
            idle += Math.max(0, steps.get(i).metrics().get("deviceStartUs")
                    - steps.get(i - 1).metrics().get("deviceEndUs"));
        }
        return idle / (steps.getLast().metrics().get("deviceEndUs") - steps.getFirst().metrics().get("deviceStartUs"));
    }
}
