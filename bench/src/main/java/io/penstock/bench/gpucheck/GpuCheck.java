package io.penstock.bench.gpucheck;

import io.penstock.bench.kernels.BenchmarkMemory;
import io.penstock.bench.kernels.Ceilings;
import io.penstock.bench.kernels.KernelBenchmark;
import io.penstock.bench.kernels.KernelCounting;
import io.penstock.bench.kernels.KernelShape;
import io.penstock.bench.kernels.KernelSuite;
import io.penstock.bench.kernels.KernelTimer;
import io.penstock.device.DeviceException;
import io.penstock.device.Stream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The whole check: validates, runs whole engines, measures the ceilings once, then every operation that is right, at a
 * model's shapes. On a device that counts, the shapes are small and the measurements are counts against the floor.
 */
public final class GpuCheck {
    /** Whose shapes are timed. */
    public static final String MODEL = "lfm2.5-8b-a1b";

    private static final int[] TOKENS = {1, 32, 256, 1024, 2048, 8192};
    private static final int[] QUICK_TOKENS = {1, 256, 2048};
    private static final int[] COUNTED_TOKENS = {67};
    private static final KernelShape COUNTED_SHAPE = new KernelShape(
            256, 448, 8, 2, 1024, new KernelShape.Experts(8, 2, 72));

    private final CheckTarget target;
    private final CheckOptions options;
    private final CheckProgress progress;
    private final List<OperationTiming> measured = new ArrayList<>();
    private Ceilings ceilings;
    private String problem;

    private GpuCheck(CheckTarget target, CheckOptions options, CheckProgress progress) {
        this.target = target;
        this.options = options;
        this.progress = progress;
    }

    /** Runs all of it; takes from seconds to a few minutes. */
    public static CheckReport run(CheckTarget target, CheckOptions options, CheckProgress progress) {
        return new GpuCheck(target, options, progress).run();
    }

    private CheckReport run() {
        Validation validation = new Validation(target, options, progress);
        List<OperationVerdict> verdicts = validation.run();
        List<String> right = verdicts.stream().filter(OperationVerdict::isRight)
                .map(OperationVerdict::operation).toList();
        List<EngineVerdict> engines = target.engine() == null || validation.isDeviceLost() ? List.of()
                : new EngineCheck(target.engine(), options.seed()).run(progress);
        boolean isLost = validation.isDeviceLost()
                || target.isTimed() && !engines.stream().allMatch(EngineVerdict::isRight);
        if (!isLost && !right.isEmpty()) {
            measure(right);
        }
        return new CheckReport(target.device().properties(), options.seed(), target.isTimed() ? MODEL : null,
                new CheckReport.Verdicts(verdicts, engines), ceilings, measured, problem);
    }

    private void measure(List<String> operations) {
        try (Stream stream = target.device().createStream("measure")) {
            if (target.isTimed()) {
                time(stream, operations);
            } else {
                KernelCounting counting = new KernelCounting(stream, target.counters());
                measure(stream, operations, COUNTED_SHAPE, COUNTED_TOKENS, counting::measure);
            }
        } catch (DeviceException e) {
            problem = "the device failed after " + measured.size() + " measurements: " + e.getMessage();
        }
    }

    private void time(Stream stream, List<String> operations) {
        progress.next("measuring copy bandwidth and matrix product", 0, 1);
        ceilings = Ceilings.measure(target.device(), stream, target.gemm());
        try (KernelTimer timer = new KernelTimer(target.device(), stream)) {
            measure(stream, operations, KernelShape.of(MODEL), options.isQuick() ? QUICK_TOKENS : TOKENS,
                    benchmark -> compared(benchmark, timer.measure(benchmark), ceilings));
        }
    }

    private void measure(Stream stream, List<String> operations, KernelShape shape, int[] tokens,
            Function<KernelBenchmark, Map<String, Double>> meter) {
        List<KernelSuite.Entry> entries = KernelSuite.all().stream()
                .filter(entry -> operations.contains(entry.operation())).toList();
        for (int e = 0; e < entries.size(); e++) {
            KernelSuite.Entry entry = entries.get(e);
            for (int numTokens : tokens) {
                if (numTokens > entry.maxTokens()) {
                    continue;
                }
                progress.next("measuring " + entry.name() + " at " + numTokens + " tokens", e, entries.size());
                try (BenchmarkMemory memory =
                                new BenchmarkMemory(target.device(), stream, numTokens, target.isTimed());
                        KernelBenchmark benchmark = entry.open(memory, shape)) {
                    stream.synchronize();
                    measured.add(new OperationTiming(
                            entry.operation(), benchmark.name(), numTokens, meter.apply(benchmark)));
                }
            }
        }
    }

    /** With the parts of the ceilings that it reaches, and what it could take at least. */
    private static Map<String, Double> compared(
            KernelBenchmark benchmark, Map<String, Double> measured, Ceilings ceilings) {
        Map<String, Double> metrics = new LinkedHashMap<>(measured);
        double floorUs = ceilings.floorUs(benchmark.floorBytes(), benchmark.flops());
        metrics.put("ratioToCopy", measured.get("gigabytesPerSecond") / ceilings.gigabytesPerSecond());
        if (benchmark.flops() > 0) {
            metrics.put("ratioToGemm", measured.get("teraflopsPerSecond") / ceilings.teraflopsPerSecond());
        }
        metrics.put("floorUs", floorUs);
        metrics.put("ratioToFloor", floorUs / measured.get("launchUs"));
        return metrics;
    }
}
