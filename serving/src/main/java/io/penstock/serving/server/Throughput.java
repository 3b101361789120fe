package io.penstock.serving.server;

import io.penstock.scheduler.SchedulerStats;
import java.util.concurrent.TimeUnit;

/** Output tokens a second over a short while, from the engine's counter; one thread samples, any reads. */
final class Throughput {
    private static final int NUM_SAMPLES = 32;
    private static final long WINDOW_NS = TimeUnit.SECONDS.toNanos(2);

    private final SchedulerStats stats;
    private final long[] timesNs = new long[NUM_SAMPLES];
    private final long[] counts = new long[NUM_SAMPLES];
    private int numSamples;
    private volatile double tokensPerSecond;

    Throughput(SchedulerStats stats) {
        this.stats = stats;
    }

    void sample(long nowNs) {
        long count = stats.numOutputTokens();
        int oldest = Math.max(0, numSamples - NUM_SAMPLES);
        while (oldest < numSamples && nowNs - timesNs[oldest % NUM_SAMPLES] > WINDOW_NS) {
            oldest++;
        }
        if (oldest < numSamples) {
            int at = oldest % NUM_SAMPLES;
            tokensPerSecond = (count - counts[at]) * 1e9 / Math.max(1, nowNs - timesNs[at]);
        }
        timesNs[numSamples % NUM_SAMPLES] = nowNs;
        counts[numSamples % NUM_SAMPLES] = count;
        numSamples++;
    }

    double tokensPerSecond() {
        return tokensPerSecond;
    }
}
