package io.penstock.bench.cpu;

import io.penstock.bench.Benchmark;
import io.penstock.bench.BenchmarkProgress;
import io.penstock.bench.BenchmarkRunner;
import io.penstock.bench.Repeats;
import io.penstock.bench.RunSeries;
import io.penstock.bench.Statistics;
import io.penstock.bench.machine.MachineInfo;
import io.penstock.bench.machine.MachinePeaks;
import io.penstock.bench.machine.PeakBracket;
import io.penstock.bench.machine.PeakOptions;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.cpu.CpuModel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The CPU backend's two ratios: bytes of weights a second in decode over the machine's read bandwidth, and operations
 * a second in prefill over its fp32 peak; peaks are measured in the same process right before and after.
 */
public final class CpuSuite {
    /** Name of the results file. */
    public static final String NAME = "cpu-steps";

    private static final Repeats REPEATS = new Repeats(5, 400, 6_000_000_000L);

    private CpuSuite() {}

    /**
     * What is measured.
     *
     * @param promptLength tokens of the prefill
     * @param batches sequences that decode together, a case each
     */
    public record Cases(int promptLength, int[] batches) {}

    /** Measures a model, called {@code name} in the results. */
    public static List<BenchResult> run(String name, ModelTensors tensors, Cases cases, CpuModel.Options options,
            RunContext context, BenchmarkProgress progress) {
        PeakOptions peakOptions = PeakOptions.of(MachineInfo.ofThisMachine(), options.numThreads());
        BenchmarkRunner runner = new BenchmarkRunner(REPEATS, progress);
        int most = IntStream.of(cases.batches()).max().orElse(1);
        try (CpuSteps steps = new CpuSteps(tensors, cases.promptLength(), most, options);
                MachinePeaks peaks = MachinePeaks.open(peakOptions)) {
            Map<String, Object> config = new LinkedHashMap<>();
            config.put("arithmetic", options.arithmetic().name().toLowerCase(Locale.ROOT));
            config.put("kernels", options.kernels().name());
            config.put("threads", options.numThreads());
            List<BenchResult> results = new ArrayList<>();
            for (int batch : cases.batches()) {
                config.put("batch", batch);
                results.add(result(name, config, context, measure(peaks, runner, steps.decode(batch)),
                        new Tokens(batch * steps.decodeSteps(), steps.cpuNsPerRun()), true));
            }
            config.put("batch", 1);
            results.add(result(name, config, context, measure(peaks, runner, steps.prefill()),
                    new Tokens(cases.promptLength(), steps.cpuNsPerRun()), false));
            return results;
        }
    }

    private record Tokens(int perRun, double cpuNsPerRun) {}

    private static PeakBracket<RunSeries> measure(MachinePeaks peaks, BenchmarkRunner runner, Benchmark benchmark) {
        return peaks.measureAround(() -> runner.run(benchmark));
    }

    private static BenchResult result(String model, Map<String, Object> config, RunContext context,
            PeakBracket<RunSeries> measured, Tokens tokens, boolean isMemoryBound) {
        RunSeries series = measured.value();
        Statistics peak = isMemoryBound
                ? measured.peaks().readBytesPerSecond() : measured.peaks().flopsPerSecond();
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("tokensPerSecond", tokens.perRun() * 1e9 / series.elapsedNs().median());
        metrics.put("tokensPerCpuSecond", tokens.perRun() * 1e9 / tokens.cpuNsPerRun());
        metrics.put(series.workUnit() + "sPerSecond", series.workPerSecond().median());
        metrics.put("peak" + series.workUnit() + "sPerSecond", peak.median());
        metrics.put("ratioToPeak", series.workPerSecond().median() / peak.median());
        metrics.put("ratioToBestPeak", series.workPerSecond().max() / peak.max());
        metrics.put("peakDrift", measured.drift());
        metrics.put("coefficientOfVariation", series.workPerSecond().coefficientOfVariation());
        return new BenchResult(NAME, series.name(), context, model, config, metrics, null);
    }
}
