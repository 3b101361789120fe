package io.penstock.bench;

/** One timed run of a benchmark: how long it took and how much it did, in the benchmark's own unit. */
public record Measurement(long elapsedNs, double work) {
    private static final double NS_PER_SECOND = 1e9;

    public Measurement {
        if (elapsedNs <= 0) {
            throw new IllegalArgumentException("elapsedNs is " + elapsedNs + ", a run takes at least 1 ns");
        }
        if (!(work >= 0) || Double.isInfinite(work)) {
            throw new IllegalArgumentException("work is " + work + ", a finite number >= 0 is needed");
        }
    }

    public double workPerSecond() {
        return work * NS_PER_SECOND / elapsedNs;
    }
}
