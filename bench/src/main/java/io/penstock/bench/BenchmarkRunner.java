package io.penstock.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** Warms a benchmark up and repeats it; its clock only decides when to stop, a benchmark times its own runs. */
public final class BenchmarkRunner {
    private final Repeats repeats;
    private final LongSupplier clockNs;
    private final BenchmarkProgress progress;

    public BenchmarkRunner(Repeats repeats, BenchmarkProgress progress) {
        this(repeats, System::nanoTime, progress);
    }

    /** {@code clockNs} counts nanoseconds from any origin and never goes back. */
    public BenchmarkRunner(Repeats repeats, LongSupplier clockNs, BenchmarkProgress progress) {
        this.repeats = repeats;
        this.clockNs = clockNs;
        this.progress = progress;
    }

    public RunSeries run(Benchmark benchmark) {
        progress.warmingUp(benchmark);
        benchmark.warmUp();
        List<Measurement> runs = new ArrayList<>();
        long startNs = clockNs.getAsLong();
        do {
            Measurement measurement = benchmark.run();
            runs.add(measurement);
            progress.ran(benchmark, runs.size(), measurement);
        } while (repeats.wantsAnother(runs.size(), clockNs.getAsLong() - startNs));
        RunSeries series = new RunSeries(benchmark.name(), benchmark.workUnit(), runs);
        progress.finished(benchmark, series);
        return series;
    }
}
