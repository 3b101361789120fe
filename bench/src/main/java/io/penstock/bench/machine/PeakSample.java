package io.penstock.bench.machine;

import io.penstock.bench.Statistics;

/**
 * What the machine gave at one moment, one statistic sample a run: the maximum is the peak to compare with, the median
 * and the variation tell how busy the machine was.
 *
 * @param kernels which kernels ran, such as {@code vector 512 bit}
 * @param compiled false if vector kernels ran uncompiled in some run, as on a JVM without C2: then the medians are too
 *     low to compare with
 * @param readBytesPerSecond bytes read from memory, all threads together
 * @param flopsPerSecond fp32 operations, a fused multiply-add counted as two
 */
public record PeakSample(
        int numThreads, String kernels, boolean compiled, Statistics readBytesPerSecond, Statistics flopsPerSecond) {

    /** The runs of this sample and of {@code other}, which must have used the same threads and kernels. */
    public PeakSample merge(PeakSample other) {
        if (numThreads != other.numThreads || !kernels.equals(other.kernels)) {
            throw new IllegalArgumentException("samples of " + numThreads + " threads (" + kernels + ") and "
                    + other.numThreads + " threads (" + other.kernels + ") cannot be merged");
        }
        return new PeakSample(numThreads, kernels, compiled && other.compiled,
                readBytesPerSecond.merge(other.readBytesPerSecond), flopsPerSecond.merge(other.flopsPerSecond));
    }
}
