package io.penstock.bench.machine;

import io.penstock.bench.Statistics;

/** A measured value between the peaks sampled right before and right after it. */
public record PeakBracket<T>(PeakSample before, T value, PeakSample after) {

    /** The peaks to compare {@link #value} with: the runs of both sides. */
    public PeakSample peaks() {
        return before.merge(after);
    }

    /**
     * How far the machine changed meanwhile: the larger relative difference of the medians of bandwidth and fp32 peak,
     * 0 for none. A large drift means that the ratio to the peaks says little and the run is to be repeated.
     */
    public double drift() {
        return Math.max(drift(before.readBytesPerSecond(), after.readBytesPerSecond()),
                drift(before.flopsPerSecond(), after.flopsPerSecond()));
    }

    private static double drift(Statistics before, Statistics after) {
        return Math.abs(after.median() - before.median()) / Math.max(after.median(), before.median());
    }
}
