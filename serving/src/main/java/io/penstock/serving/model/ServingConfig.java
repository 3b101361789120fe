package io.penstock.serving.model;

import io.penstock.runtime.InputException;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuKernels;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.model.Trace;
import io.penstock.scheduler.engine.EngineConfig;

/**
 * How somebody asks a model to be run, before model and machine have been looked at.
 *
 * @param prefixCaching whether computed prefixes are found again
 * @param overlap whether the next step is planned while the last one runs; the tokens are the same without
 * @param arithmetic of the CPU ("dtype")
 * @param numThreads CPU threads; 0 for all cores
 */
public record ServingConfig(
        Preset preset,
        AskedLimits limits,
        boolean prefixCaching,
        boolean overlap,
        Arithmetic arithmetic,
        int numThreads) {
    /** The most CPU threads. */
    public static final int MOST_THREADS = 1024;

    public ServingConfig {
        if (numThreads < 0 || numThreads > MOST_THREADS) {
            throw new InputException("threads must be between 0 (all cores) and " + MOST_THREADS + ", not "
                    + numThreads);
        }
    }

    /** A preset and nothing else. */
    public static ServingConfig of(Preset preset) {
        return new ServingConfig(preset, AskedLimits.NONE, true, true, Arithmetic.FLOAT32, 0);
    }

    public ServingConfig withLimits(AskedLimits asked) {
        return new ServingConfig(preset, asked, prefixCaching, overlap, arithmetic, numThreads);
    }

    public ServingConfig withPrefixCaching(boolean enabled) {
        return new ServingConfig(preset, limits, enabled, overlap, arithmetic, numThreads);
    }

    public ServingConfig withOverlap(boolean enabled) {
        return new ServingConfig(preset, limits, prefixCaching, enabled, arithmetic, numThreads);
    }

    public ServingConfig withArithmetic(Arithmetic rounding) {
        return new ServingConfig(preset, limits, prefixCaching, overlap, rounding, numThreads);
    }

    public ServingConfig withThreads(int threads) {
        return new ServingConfig(preset, limits, prefixCaching, overlap, arithmetic, threads);
    }

    /** The engine's part. */
    public EngineConfig engine() {
        EngineConfig base = preset.engine;
        return base.withOverlap(overlap).withScheduler(base.scheduler().withPrefixCaching(prefixCaching));
    }

    /** The CPU's part. */
    public CpuModel.Options cpu() {
        return new CpuModel.Options(arithmetic, CpuKernels.select(),
                numThreads == 0 ? Runtime.getRuntime().availableProcessors() : numThreads, Trace.NONE);
    }
}
