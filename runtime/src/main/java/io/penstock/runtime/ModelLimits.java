package io.penstock.runtime;

/**
 * The sizes a runner was built with: everything it holds is allocated from these at start, nothing after it.
 *
 * @param maxNumSeqs sequences in one step, and the number of conv slots
 * @param maxNumBatchedTokens tokens in one step, over all sequences
 * @param maxModelLen tokens of one sequence, prompt and output
 * @param numKvBlocks KV blocks of {@link #BLOCK_TOKENS} tokens
 * @param numSnapshots conv snapshots that can be kept for prefix hits
 * @param numSwapBlocks KV blocks of the host's memory, for sequences that were swapped out
 * @param masks token masks in one step, for sequences whose output's form is demanded
 */
public record ModelLimits(
        int maxNumSeqs,
        int maxNumBatchedTokens,
        int maxModelLen,
        int numKvBlocks,
        int numSnapshots,
        int numSwapBlocks,
        MaskLimits masks) {
    /** Tokens in one KV block. */
    public static final int BLOCK_TOKENS = 64;

    public ModelLimits {
        requirePositive("max_num_seqs", maxNumSeqs);
        requirePositive("max_num_batched_tokens", maxNumBatchedTokens);
        requirePositive("max_model_len", maxModelLen);
        requirePositive("num_kv_blocks", numKvBlocks);
        requireNotNegative("num_snapshots", numSnapshots);
        requireNotNegative("num_swap_blocks", numSwapBlocks);
    }

    /** Limits without token masks. */
    public ModelLimits(int maxNumSeqs, int maxNumBatchedTokens, int maxModelLen, int numKvBlocks, int numSnapshots,
            int numSwapBlocks) {
        this(maxNumSeqs, maxNumBatchedTokens, maxModelLen, numKvBlocks, numSnapshots, numSwapBlocks, MaskLimits.NONE);
    }

    /** Limits without swap space and token masks. */
    public ModelLimits(
            int maxNumSeqs, int maxNumBatchedTokens, int maxModelLen, int numKvBlocks, int numSnapshots) {
        this(maxNumSeqs, maxNumBatchedTokens, maxModelLen, numKvBlocks, numSnapshots, 0);
    }

    /** These with other token masks. */
    public ModelLimits withMasks(MaskLimits other) {
        return new ModelLimits(maxNumSeqs, maxNumBatchedTokens, maxModelLen, numKvBlocks, numSnapshots, numSwapBlocks,
                other);
    }

    /** Conv slots: one a running sequence. */
    public int numConvSlots() {
        return maxNumSeqs;
    }

    /** Conv states of the host's memory: a swapped sequence has a block at least. */
    public int numSwapSlots() {
        return Math.min(numSwapBlocks, maxNumSeqs);
    }

    /** Rows of logits in one step: sampled, scored or only computed. */
    public int maxNumLogits() {
        return maxNumSeqs;
    }

    /** Copies of blocks and slots in one step. */
    public int maxNumCopies() {
        return Math.toIntExact(2L * maxNumSeqs + 4L * maxBlocksPerSeq());
    }

    /** Changes of block tables in one step. */
    public int maxNumBlockUpdates() {
        return Math.addExact(maxNumCopies(), blocksFor(maxNumBatchedTokens));
    }

    /** The most blocks that one sequence can hold. */
    public int maxBlocksPerSeq() {
        return blocksFor(maxModelLen);
    }

    /** Blocks that hold {@code numTokens} tokens. */
    public static int blocksFor(int numTokens) {
        return (numTokens + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new InputException(name + " must be at least 1, not " + value);
        }
    }

    private static void requireNotNegative(String name, int value) {
        if (value < 0) {
            throw new InputException(name + " must be at least 0, not " + value);
        }
    }
}
