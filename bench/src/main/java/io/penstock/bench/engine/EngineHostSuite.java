package io.penstock.bench.engine;

import io.penstock.bench.Statistics;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.InputException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link EngineHostBenchmark} in processes of its own and sums it up. Times of a step are those of the quietest
 * iteration: what else runs on the machine only adds to them.
 */
public final class EngineHostSuite {
    /** Name of the results file. */
    public static final String NAME = "engine-host";

    private static final int WARM_UPS = 6;
    private static final TimeValue ITERATION = TimeValue.milliseconds(400);
    private static final long HEAP_BYTES_PER_SEQ = 160_000;
    private static final long BASE_HEAP_BYTES = 512L << 20;

    private EngineHostSuite() {}

    /**
     * Measures one number of sequences.
     *
     * @param numIterations of 0.4 s each, beside the warm-up's
     * @throws InputException if the benchmark's process cannot be started
     */
    public static BenchResult run(int numSeqs, boolean overlap, int numIterations, RunContext context) {
        long heapMiB = BASE_HEAP_BYTES + numSeqs * HEAP_BYTES_PER_SEQ >> 20;
        Options options = new OptionsBuilder()
                .include("^" + EngineHostBenchmark.class.getName().replace(".", "\\.") + "\\.decode$")
                .param("numSeqs", Integer.toString(numSeqs))
                .param("overlap", Boolean.toString(overlap))
                .forks(1)
                .jvmArgs("-Xms" + heapMiB + "m", "-Xmx" + heapMiB + "m", "-XX:+UseTransparentHugePages",
                        "--sun-misc-unsafe-memory-access=allow")
                .warmupIterations(WARM_UPS)
                .warmupTime(ITERATION)
                .measurementIterations(numIterations)
                .measurementTime(ITERATION)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
        try {
            Collection<RunResult> results = new Runner(options).run();
            return result(results.iterator().next(), numSeqs, overlap, context);
        } catch (RunnerException e) {
            throw new InputException("the benchmark did not run: " + e.getMessage()
                    + "; end other benchmarks, and check that " + heapMiB + " MiB of memory are free", e);
        }
    }

    private static BenchResult result(RunResult measured, int numSeqs, boolean overlap, RunContext context) {
        IterationResult[] iterations = measured.getBenchmarkResults().iterator().next().getIterationResults()
                .toArray(IterationResult[]::new);
        double[] meanNs = perStep(iterations, "engineNs");
        int best = 0;
        double bytes = 0;
        double leastMedianNs = Double.POSITIVE_INFINITY;
        double withReadingNs = Double.POSITIVE_INFINITY;
        for (int i = 0; i < iterations.length; i++) {
            best = meanNs[i] < meanNs[best] ? i : best;
            bytes = Math.max(bytes, sum(iterations[i], "allocatedBytes") / sum(iterations[i], "steps"));
            leastMedianNs = Math.min(leastMedianNs, sum(iterations[i], "leastMedianNs"));
            withReadingNs = Math.min(withReadingNs, iterations[i].getPrimaryResult().getScore());
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("microsPerStep", meanNs[best] / 1e3);
        metrics.put("medianStepMicros", leastMedianNs / 1e3);
        metrics.put("nsPerSequence", meanNs[best] / numSeqs);
        metrics.put("scheduleMicros", perStep(iterations, "scheduleNs")[best] / 1e3);
        metrics.put("launchMicros", perStep(iterations, "launchNs")[best] / 1e3);
        metrics.put("processMicros", perStep(iterations, "processNs")[best] / 1e3);
        metrics.put("microsPerStepWithReading", withReadingNs / 1e3);
        metrics.put("allocatedBytesPerStep", bytes);
        metrics.put("medianIterationMicrosPerStep", Statistics.of(meanNs).median() / 1e3);
        metrics.put("coefficientOfVariation", Statistics.of(meanNs).coefficientOfVariation());
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("numSeqs", numSeqs);
        config.put("context", DecodingEngine.meanContext(EngineHostBenchmark.STEPS));
        config.put("overlap", overlap);
        config.put("iterations", iterations.length);
        return new BenchResult(NAME, "decode-" + numSeqs, context, null, config, metrics, null);
    }

    private static double[] perStep(IterationResult[] iterations, String counter) {
        double[] values = new double[iterations.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = sum(iterations[i], counter) / sum(iterations[i], "steps");
        }
        return values;
    }

    private static double sum(IterationResult iteration, String counter) {
        return iteration.getSecondaryResults().get(counter).getScore();
    }
}
