package io.penstock.bench.jmh;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the benchmarks of this package, each in a process of its own. */
public final class HostPaths {
    /** Name of the results file. */
    public static final String SUITE = "jmh";

    /** System property of the measured process: the folder with a model's tokenizer. */
    static final String MODEL = "penstock.bench.model";

    private static final TimeValue ITERATION = TimeValue.milliseconds(500);
    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private HostPaths() {}

    /**
     * Measures all whose name, such as {@code TextBenchmark.detokenise}, holds the pattern.
     *
     * @param pattern a regular expression
     * @param numIterations of half a second each, after as many that warm up
     */
    public static List<BenchResult> run(String pattern, int numIterations, Path model, RunContext context) {
        Options options = new OptionsBuilder()
                .include(includes(pattern))
                .forks(1)
                .jvmArgs("-Xms1g", "-Xmx1g", "-D" + MODEL + "=" + model.toAbsolutePath(),
                        "--sun-misc-unsafe-memory-access=allow")
                .addProfiler(GCProfiler.class)
                .warmupIterations(numIterations)
                .warmupTime(ITERATION)
                .measurementIterations(numIterations)
                .measurementTime(ITERATION)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
        try {
            List<BenchResult> results = new ArrayList<>();
            for (RunResult measured : new Runner(options).run()) {
                results.add(result(measured, numIterations, context));
            }
            return results;
        } catch (RunnerException e) {
            throw new InputException("the benchmarks did not run: " + e.getMessage()
                    + "; check the pattern, and end other benchmarks", e);
        }
    }

    private static String includes(String pattern) {
        try {
            Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw new InputException("'" + pattern + "' is no pattern: " + e.getDescription(), e);
        }
        return "^" + Pattern.quote(HostPaths.class.getPackageName() + ".") + ".*(?:" + pattern + ")";
    }

    private static BenchResult result(RunResult measured, int numIterations, RunContext context) {
        Result<?> score = measured.getPrimaryResult();
        Map<String, Object> config = new LinkedHashMap<>();
        for (String name : measured.getParams().getParamsKeys()) {
            config.put(name, measured.getParams().getParam(name));
        }
        config.put("iterations", numIterations);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("nanosPerOperation", score.getScore());
        metrics.put("errorNanos", Double.isNaN(score.getScoreError()) ? 0 : score.getScoreError());
        Result<?> allocated = measured.getSecondaryResults().get(ALLOCATED);
        if (allocated != null) {
            // JMH's own bookkeeping comes to a fraction of a byte.
            metrics.put("allocatedBytesPerOperation", (double) Math.round(allocated.getScore()));
        }
        String[] names = measured.getParams().getBenchmark().split("\\.");
        String parameters = measured.getParams().getParamsKeys().stream()
                .map(name -> " " + name + "=" + measured.getParams().getParam(name)).reduce("", String::concat);
        return new BenchResult(SUITE, names[names.length - 2].replace("Benchmark", "") + "." + names[names.length - 1]
                + parameters, context, null, config, metrics, null);
    }
}
