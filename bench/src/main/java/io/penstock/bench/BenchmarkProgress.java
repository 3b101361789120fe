package io.penstock.bench;

/** Told what a runner is doing, on the runner's thread, never while a run is timed. */
public interface BenchmarkProgress {
    /** Ignores everything. */
    BenchmarkProgress SILENT = new BenchmarkProgress() {
    };

    default void warmingUp(Benchmark benchmark) {
    }

    /** After each run; {@code numRuns} counts it. */
    default void ran(Benchmark benchmark, int numRuns, Measurement measurement) {
    }

    default void finished(Benchmark benchmark, RunSeries series) {
    }
}
