package io.penstock.cli;

import io.penstock.bench.BenchmarkProgress;
import io.penstock.bench.BenchmarkRunner;
import io.penstock.bench.Repeats;
import io.penstock.bench.Statistics;
import io.penstock.bench.emulator.EmulatorBenchmark;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "emulator",
        description = "Times the PTX emulator with all its checks, on one core: thread instructions of a kernel that"
                + " loads, stores, computes and meets at barriers, and operations of matrix products, of warps and of"
                + " warpgroups.",
        footer = {"%nExample:", "  penstock bench emulator --save-result bench/results"})
final class BenchEmulatorCommand implements Callable<Integer> {
    private static final String SUITE = "emulator";
    private static final Repeats REPEATS = new Repeats(7, 100, 10_000_000_000L);

    @Option(
            names = "--save-result",
            paramLabel = "DIR",
            description = "Appends one JSON line a case to DIR/" + SUITE + ".jsonl.")
    private Path results;

    @Override
    public Integer call() {
        RunContext context = RunContext.onCpu(
                Path.of("").toAbsolutePath(), Instant.now(), "./penstock bench emulator");
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.failing().on(90));
        Supplier<Map<String, Long>> lastLaunch = () -> {
            Map<String, Long> counters = device.counters().values();
            device.clearCounters();
            return counters;
        };
        try (device;
                EmulatorBenchmark mix = EmulatorBenchmark.mix(device, lastLaunch);
                EmulatorBenchmark products = EmulatorBenchmark.products(device, lastLaunch);
                EmulatorBenchmark groups = EmulatorBenchmark.warpgroupProducts(device, lastLaunch)) {
            report(context, mix, "threadInstructionsPerSecond");
            report(context, products, "mmaFlopsPerSecond");
            report(context, groups, "mmaFlopsPerSecond");
        }
        return 0;
    }

    private void report(RunContext context, EmulatorBenchmark benchmark, String metric) {
        Statistics rate = new BenchmarkRunner(REPEATS, BenchmarkProgress.SILENT).run(benchmark).workPerSecond();
        System.out.println(String.format(Locale.ROOT, "%s: %.1f million %s/s, median of %d launches (best %.1f)",
                benchmark.name(), rate.median() / 1e6, benchmark.workUnit(), rate.numSamples(), rate.max() / 1e6));
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(metric, rate.median());
        metrics.put("best" + Character.toUpperCase(metric.charAt(0)) + metric.substring(1), rate.max());
        if (results != null) {
            ResultLog.of(results, SUITE).append(
                    new BenchResult(SUITE, benchmark.name(), context, null, Map.of(), metrics, null));
        }
    }
}
