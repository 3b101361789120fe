package io.penstock.bench.loadgen;

import java.util.Arrays;
import org.HdrHistogram.Histogram;

/** What one event loop counts as tokens come; written by that loop alone, read when all is over. */
public final class LoopCounts {
    private static final int DIGITS = 3;

    private final Histogram itlNs = new Histogram(DIGITS);
    private final long startNs;
    private long[] tokensBySecond = new long[64];

    /** @param startNs from which seconds are counted */
    public LoopCounts(long startNs) {
        this.startNs = startNs;
    }

    void gap(long gapNs) {
        itlNs.recordValue(Math.max(0, gapNs));
    }

    void tokens(long nowNs, int numTokens) {
        int second = (int) Math.max(0, (nowNs - startNs) / 1_000_000_000L);
        if (second >= tokensBySecond.length) {
            tokensBySecond = Arrays.copyOf(tokensBySecond, Math.max(second + 1, 2 * tokensBySecond.length));
        }
        tokensBySecond[second] += numTokens;
    }

    /** Times between events with tokens of one answer. */
    public Histogram itlNs() {
        return itlNs;
    }

    /** Tokens that came in each second; events, where the server does not say how many tokens they hold. */
    public long[] tokensBySecond() {
        return tokensBySecond.clone();
    }
}
