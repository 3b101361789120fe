package io.penstock.scheduler;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;

/**
 * How steps are filled and memory is shared out.
 *
 * @param prefixCaching whether computed prefixes are found again
 * @param snapshotInterval blocks between two conv snapshots of a sequence; a prefix hit ends at one
 * @param minPrefillTokens tokens of each step that running sequences leave to prefill, or half a step if that is
 *     less: at most {@code maxNumBatchedTokens - minPrefillTokens} sequences run
 * @param maxChunkTokens the longest prefill chunk of one sequence in one step
 * @param initialOutputTokens the predicted output length before any sequence has ended
 * @param watermarks free KV blocks that admission keeps
 */
public record SchedulerConfig(
        boolean prefixCaching,
        int snapshotInterval,
        int minPrefillTokens,
        int maxChunkTokens,
        int initialOutputTokens,
        Watermarks watermarks) {

    /**
     * Shares of all KV blocks, between 0 and 1.
     *
     * @param low kept free of what is predicted when a sequence is admitted
     * @param high kept free after a preemption, until that much is free again
     */
    public record Watermarks(double low, double high) {
        public Watermarks {
            if (!(low >= 0 && low <= high && high < 1)) {
                throw new InputException("watermarks must satisfy 0 <= low <= high < 1, not " + low + " and " + high);
            }
        }
    }

    public SchedulerConfig {
        requirePositive("snapshot_interval", snapshotInterval);
        requirePositive("min_prefill_tokens", minPrefillTokens);
        requirePositive("max_chunk_tokens", maxChunkTokens);
        requirePositive("initial_output_tokens", initialOutputTokens);
    }

    /** Whole steps for whoever is first: the most tokens a second. */
    public static SchedulerConfig throughput() {
        return new SchedulerConfig(true, 4, 64, Integer.MAX_VALUE, 256, new Watermarks(0.01, 0.05));
    }

    /** Short chunks: a long prompt holds up neither the tokens of others nor a short prompt behind it. */
    public static SchedulerConfig latency() {
        return new SchedulerConfig(true, 4, 64, 512, 256, new Watermarks(0.01, 0.05));
    }

    public SchedulerConfig withPrefixCaching(boolean enabled) {
        return new SchedulerConfig(enabled, snapshotInterval, minPrefillTokens, maxChunkTokens, initialOutputTokens,
                watermarks);
    }

    public SchedulerConfig withMaxChunkTokens(int tokens) {
        return new SchedulerConfig(prefixCaching, snapshotInterval, minPrefillTokens, tokens, initialOutputTokens,
                watermarks);
    }

    /** Sequences that run at once under these limits. */
    public int maxRunning(ModelLimits limits) {
        int maxTokens = limits.maxNumBatchedTokens();
        return Math.max(1, Math.min(limits.maxNumSeqs(), maxTokens - Math.min(minPrefillTokens, maxTokens / 2)));
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new InputException(name + " must be at least 1, not " + value);
        }
    }
}
