package io.penstock.scheduler;

/**
 * Counters of the scheduler, written by the engine's thread. Another thread may read them: each is a count that was
 * true a moment ago, and they need not be of the same moment.
 */
public final class SchedulerStats {
    long numSteps;
    int numRunning;
    int numWaiting;
    int numSwapped;
    int numQueuedRequests;
    int numBlocksInUse;
    int numBlocksCached;
    long numPromptTokens;
    long numPrefillTokens;
    long numDecodeTokens;
    long numOutputTokens;
    long numCachedTokens;
    long numRecomputedTokens;
    long numDiscardedRows;
    long numPreemptionsBySwap;
    long numPreemptionsByRecompute;
    long numFinished;
    long numForks;
    long numPartialHits;
    long numStalledRows;
    long numEvictedBlocks;
    int numSnapshots;

    /** Steps planned. */
    public long numSteps() {
        return numSteps;
    }

    /** Sequences that hold a conv slot. */
    public int numRunning() {
        return numRunning;
    }

    /** Sequences in the queue, the swapped ones included. */
    public int numWaiting() {
        return numWaiting;
    }

    /** Requests of which nothing has been computed yet. */
    public int numQueuedRequests() {
        return numQueuedRequests;
    }

    /** Sequences whose state is in host memory. */
    public int numSwapped() {
        return numSwapped;
    }

    /** KV blocks that sequences hold. */
    public int numBlocksInUse() {
        return numBlocksInUse;
    }

    /** KV blocks that nobody holds and that can be found again. */
    public int numBlocksCached() {
        return numBlocksCached;
    }

    /** Prompt tokens of sequences admitted for the first time, cached or not; forks do not count. */
    public long numPromptTokens() {
        return numPromptTokens;
    }

    /** Tokens computed in prefill chunks. */
    public long numPrefillTokens() {
        return numPrefillTokens;
    }

    /** Tokens computed in decode rows. */
    public long numDecodeTokens() {
        return numDecodeTokens;
    }

    /** Tokens sampled for sequences that still wanted them. */
    public long numOutputTokens() {
        return numOutputTokens;
    }

    /** Prompt tokens of {@link #numPromptTokens} that came from the prefix cache. */
    public long numCachedTokens() {
        return numCachedTokens;
    }

    /** Tokens computed again after a preemption; part of {@link #numPrefillTokens}. */
    public long numRecomputedTokens() {
        return numRecomputedTokens;
    }

    /** Rows computed for sequences that turned out to have ended a step before. */
    public long numDiscardedRows() {
        return numDiscardedRows;
    }

    public long numPreemptionsBySwap() {
        return numPreemptionsBySwap;
    }

    public long numPreemptionsByRecompute() {
        return numPreemptionsByRecompute;
    }

    /** Sequences that ended, for whatever reason. */
    public long numFinished() {
        return numFinished;
    }

    /** Sequences whose prefix hit ended within a block, of which they took a copy. */
    public long numPartialHits() {
        return numPartialHits;
    }

    /** Choices that began with a prompt that another choice of their request had computed. */
    public long numForks() {
        return numForks;
    }

    /** Rows not planned because their front does not read. */
    public long numStalledRows() {
        return numStalledRows;
    }

    /** Conv snapshots kept for prefix hits. */
    public int numSnapshots() {
        return numSnapshots;
    }

    /** Cached KV blocks given up for new ones. */
    public long numEvictedBlocks() {
        return numEvictedBlocks;
    }
}
