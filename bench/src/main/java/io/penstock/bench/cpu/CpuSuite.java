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
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.cpu.CpuModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The CPU backend's two ratios: bytes of weights a second in decode over the machine's read bandwidth, and operations
 * a second in prefill over its fp32 peak; peaks are measured in the same process right before and after.
 */
public final class CpuSuite {
    /** Name of the results file. */
    public static final String NAME = "cpu-steps";

    private static final Repeats REPEATS = new Repeats(5, 40, 6_000_000_000L);

    private CpuSuite() {}

    /** Measures a shape with random weights. */
    public static List<BenchResult> run(
            String shape, int promptLength, CpuModel.Options options, RunContext context, BenchmarkProgress progress) {
        PeakOptions peakOptions = PeakOptions.of(MachineInfo.ofThisMachine(), options.numThreads());
        BenchmarkRunner runner = new BenchmarkRunner(REPEATS, progress);
        try (DummyCheckpoint tensors = new DummyCheckpoint(ModelShapes.named(shape), 1);
                CpuSteps steps = new CpuSteps(tensors, promptLength, options);
                MachinePeaks peaks = MachinePeaks.open(peakOptions)) {
            Map<String, Object> config = new LinkedHashMap<>();
            config.put("arithmetic", options.arithmetic().name().toLowerCase(Locale.ROOT));
            config.put("kernels", options.kernels().name());
            config.put("threads", options.numThreads());
            return List.of(
                    result(shape, config, context, measure(peaks, runner, steps.decode()), steps.decodeSteps(), true),
                    result(shape, config, context, measure(peaks, runner, steps.prefill()), promptLength, false));
        }
    }

    private static PeakBracket<RunSeries> measure(MachinePeaks peaks, BenchmarkRunner runner, Benchmark benchmark) {
        return peaks.measureAround(() -> runner.run(benchmark));
    }

    private static BenchResult result(String shape, Map<String, Object> config, RunContext context,
            PeakBracket<RunSeries> measured, int tokensPerRun, boolean isMemoryBound) {
        RunSeries series = measured.value();
        Statistics peak = isMemoryBound
                ? measured.peaks().readBytesPerSecond() : measured.peaks().flopsPerSecond();
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("tokensPerSecond", tokensPerRun * 1e9 / series.elapsedNs().median());
        metrics.put(series.workUnit() + "sPerSecond", series.workPerSecond().median());
        metrics.put("peak" + series.workUnit() + "sPerSecond", peak.median());
        metrics.put("ratioToPeak", series.workPerSecond().median() / peak.median());
        metrics.put("ratioToBestPeak", series.workPerSecond().max() / peak.max());
        metrics.put("peakDrift", measured.drift());
        metrics.put("coefficientOfVariation", series.workPerSecond().coefficientOfVariation());
        return new BenchResult(NAME, series.name(), context, shape, config, metrics, null);
    }
}
