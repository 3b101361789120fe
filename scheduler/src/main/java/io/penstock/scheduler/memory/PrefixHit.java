package io.penstock.scheduler.memory;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;

/**
 * What of a sequence is computed already: KV blocks, the conv snapshot at their end, and the number of tokens, as one
 * thing. For a model with short convolutions, blocks without the snapshot at the cut are a wrong answer. Filled in
 * place by {@link PrefixCache#match}.
 */
public final class PrefixHit {
    final int[] blocks;
    int numBlocks;
    int snapshot = ForwardBatch.NO_SNAPSHOT;
    int numUnreferenced;
    int partialBlock;
    int numPartialTokens;

    public PrefixHit(int maxBlocks) {
        blocks = new int[maxBlocks];
    }

    public int numBlocks() {
        return numBlocks;
    }

    public int block(int index) {
        return blocks[index];
    }

    /** A block whose first {@link #numPartialTokens} tokens go on behind the full blocks: to be copied. */
    public int partialBlock() {
        return partialBlock;
    }

    /** 0 where the hit ends with a full block. */
    public int numPartialTokens() {
        return numPartialTokens;
    }

    /** The conv state after the last token; {@link ForwardBatch#NO_SNAPSHOT} when nothing was found. */
    public int snapshot() {
        return snapshot;
    }

    public int numTokens() {
        return numBlocks * ModelLimits.BLOCK_TOKENS + numPartialTokens;
    }

    /** Full blocks of the hit that no sequence holds: taking the hit makes so many fewer available. */
    public int numUnreferenced() {
        return numUnreferenced;
    }

    void clear() {
        numBlocks = 0;
        snapshot = ForwardBatch.NO_SNAPSHOT;
        numUnreferenced = 0;
        numPartialTokens = 0;
    }
}
