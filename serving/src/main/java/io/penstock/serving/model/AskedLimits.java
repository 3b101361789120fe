package io.penstock.serving.model;

import io.penstock.runtime.InputException;

/**
 * The limits that somebody asks for; null where preset, model and machine are to decide ({@link ResolvedLimits}).
 *
 * @param maxNumSeqs sequences in one step
 * @param maxNumBatchedTokens tokens in one step
 * @param maxModelLen tokens of one sequence, prompt and output
 * @param numKvBlocks KV blocks of 64 tokens; not together with {@code kvBytes}
 * @param kvBytes memory for KV blocks
 * @param numSnapshots conv snapshots kept for prefix hits
 * @param swapBytes host memory for the KV blocks of sequences that were swapped out
 */
public record AskedLimits(
        Integer maxNumSeqs,
        Integer maxNumBatchedTokens,
        Integer maxModelLen,
        Integer numKvBlocks,
        Long kvBytes,
        Integer numSnapshots,
        Long swapBytes) {
    /** Nothing in particular. */
    public static final AskedLimits NONE = new AskedLimits(null, null, null, null, null, null, null);

    /** The most sequences in one step. */
    public static final int MOST_SEQS = 8192;

    /** The most tokens in one step. */
    public static final int MOST_BATCHED_TOKENS = 1 << 16;

    public AskedLimits {
        requireBetween("max_num_seqs", maxNumSeqs, 1, MOST_SEQS);
        requireBetween("max_num_batched_tokens", maxNumBatchedTokens, 1, MOST_BATCHED_TOKENS);
        requireBetween("max_model_len", maxModelLen, 1, Integer.MAX_VALUE);
        requireBetween("num_kv_blocks", numKvBlocks, 1, Integer.MAX_VALUE);
        requireBetween("num_snapshots", numSnapshots, 0, Integer.MAX_VALUE);
        if (kvBytes != null && numKvBlocks != null) {
            throw new InputException("num_kv_blocks and the KV memory in bytes exclude each other: give one");
        }
        if (kvBytes != null && kvBytes < 1 || swapBytes != null && swapBytes < 0) {
            throw new InputException("memory sizes must not be negative, nor KV memory 0");
        }
    }

    private static void requireBetween(String name, Integer value, int least, int most) {
        if (value != null && (value < least || value > most)) {
            throw new InputException(name + " must be " + (most == Integer.MAX_VALUE ? "at least " + least
                    : "between " + least + " and " + most) + ", not " + value);
        }
    }

    /** These with other sequences, step tokens and sequence length. */
    public AskedLimits withSizes(Integer seqs, Integer batchedTokens, Integer modelLen) {
        return new AskedLimits(seqs, batchedTokens, modelLen, numKvBlocks, kvBytes, numSnapshots, swapBytes);
    }

    /** These with so many KV blocks, whatever memory they take. */
    public AskedLimits withKvBlocks(Integer blocks) {
        return new AskedLimits(maxNumSeqs, maxNumBatchedTokens, maxModelLen, blocks, null, numSnapshots, swapBytes);
    }

    /** These with so many snapshots. */
    public AskedLimits withSnapshots(Integer snapshots) {
        return new AskedLimits(maxNumSeqs, maxNumBatchedTokens, maxModelLen, numKvBlocks, kvBytes, snapshots,
                swapBytes);
    }

    /** These with so much swap space. */
    public AskedLimits withSwapBytes(Long bytes) {
        return new AskedLimits(maxNumSeqs, maxNumBatchedTokens, maxModelLen, numKvBlocks, kvBytes, numSnapshots,
                bytes);
    }
}
