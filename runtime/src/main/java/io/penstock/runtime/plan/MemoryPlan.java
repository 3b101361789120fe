package io.penstock.runtime.plan;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;

/**
 * How a device's memory is divided: weights, conv slots, snapshots and workspace first, KV blocks in what is left.
 * Everything is bfloat16 but expert biases, routing and logits, which are float32.
 *
 * @param budgetBytes what may be used of the device
 * @param limits as asked for, and the KV blocks that fit
 * @param weightsBytes all weights, the tied head once
 * @param convSlotsBytes one slot a running sequence
 * @param snapshotsBytes conv states kept for prefix hits
 * @param workspaceBytes activations of one step
 * @param kvBlockBytes one KV block over all attention layers, and whatever else comes with each block
 */
public record MemoryPlan(
        long budgetBytes,
        ModelLimits limits,
        long weightsBytes,
        long convSlotsBytes,
        long snapshotsBytes,
        long workspaceBytes,
        long kvBlockBytes) {
    private static final int BF16_BYTES = 2;
    private static final int FLOAT_BYTES = 4;

    /**
     * The limits that are asked for; the KV blocks follow from them.
     *
     * @param maxNumSeqs sequences in one step
     * @param maxNumBatchedTokens tokens in one step
     * @param maxModelLen tokens of one sequence
     * @param numSnapshots conv states kept for prefix hits, or {@link #ONE_FOR_TWO_BLOCKS}
     */
    public record Asked(int maxNumSeqs, int maxNumBatchedTokens, int maxModelLen, int numSnapshots) {
        /** As many snapshots as half of the KV blocks. */
        public static final int ONE_FOR_TWO_BLOCKS = -1;
    }

    /**
     * What cannot be chosen.
     *
     * @param weightsBytes all weights
     * @param workspaceBytes all that depends on none of blocks, conv slots and snapshots
     * @param kvBlockBytes what one KV block takes
     */
    public record Needs(long weightsBytes, long workspaceBytes, long kvBlockBytes) {}

    /**
     * Divides a budget, with weights and workspace as computed here.
     *
     * @throws InputException if it does not hold a sequence of {@code maxModelLen} tokens; says what to lower
     */
    public static MemoryPlan of(ModelConfig config, Asked asked, long budgetBytes) {
        return of(config, asked, budgetBytes, new Needs(weightsBytes(config),
                workspaceBytes(config, asked.maxNumBatchedTokens(), asked.maxNumSeqs()), kvBlockBytes(config)));
    }

    /**
     * Divides a budget.
     *
     * @throws InputException if it does not hold a sequence of {@code maxModelLen} tokens; says what to lower
     */
    public static MemoryPlan of(ModelConfig config, Asked asked, long budgetBytes, Needs needs) {
        requireTrained(config, asked.maxModelLen());
        boolean isShared = asked.numSnapshots() == Asked.ONE_FOR_TWO_BLOCKS;
        long slot = convSlotBytes(config);
        long slots = asked.maxNumSeqs() * slot;
        long block = needs.kvBlockBytes();
        long fixedSnapshots = isShared ? 0 : asked.numSnapshots() * slot;
        long left = budgetBytes - needs.weightsBytes() - slots - fixedSnapshots - needs.workspaceBytes();
        long numBlocks = Math.min(left / (block + (isShared ? Math.ceilDiv(slot, 2) : 0)), Integer.MAX_VALUE);
        int least = ModelLimits.blocksFor(asked.maxModelLen());
        boolean fits = left >= 0 && numBlocks >= least;
        int numSnapshots = isShared ? (int) Math.max(0, fits ? numBlocks / 2 : 0) : asked.numSnapshots();
        var limits = new ModelLimits(asked.maxNumSeqs(), asked.maxNumBatchedTokens(), asked.maxModelLen(),
                fits ? (int) numBlocks : 1, numSnapshots);
        var plan = new MemoryPlan(budgetBytes, limits, needs.weightsBytes(), slots, numSnapshots * slot,
                needs.workspaceBytes(), block);
        if (!fits) {
            throw new InputException(refusal(plan));
        }
        return plan;
    }

    private static void requireTrained(ModelConfig config, int maxModelLen) {
        if (maxModelLen > config.dimensions().maxPositionEmbeddings()) {
            throw new InputException("max_model_len " + maxModelLen + " is more than the "
                    + config.dimensions().maxPositionEmbeddings() + " tokens that the model was trained for: lower it");
        }
    }

    private static String refusal(MemoryPlan plan) {
        long left = plan.budgetBytes - plan.weightsBytes;
        if (left < plan.kvBlockBytes) {
            return "does not fit: the weights take " + MemorySize.show(plan.weightsBytes) + " of the "
                    + MemorySize.show(plan.budgetBytes)
                    + " that may be used: take a device with more memory or a smaller model";
        }
        long rest = left - plan.convSlotsBytes - plan.snapshotsBytes - plan.workspaceBytes;
        String needs = "a sequence of " + plan.limits.maxModelLen() + " tokens needs "
                + MemorySize.show(plan.limits.maxBlocksPerSeq() * plan.kvBlockBytes) + " of KV blocks";
        if (rest < plan.kvBlockBytes) {
            String largest = plan.workspaceBytes > plan.convSlotsBytes + plan.snapshotsBytes
                    ? "--max-num-batched-tokens" : "--max-num-seqs";
            return "does not fit: weights, conv slots, snapshots and workspace take "
                    + MemorySize.show(plan.budgetBytes - rest) + " of the " + MemorySize.show(plan.budgetBytes)
                    + " that may be used, and " + needs + ": lower " + largest + ", or take a larger device";
        }
        return "does not fit: " + needs + " and " + MemorySize.show(rest) + " are left: lower --max-model-len to "
                + rest / plan.kvBlockBytes * ModelLimits.BLOCK_TOKENS
                + ", or --max-num-batched-tokens or --max-num-seqs, or take a larger device";
    }

    /** Two bytes a parameter, four an expert bias. */
    public static long weightsBytes(ModelConfig config) {
        long biases = config.moe().useExpertBias() ? (long) config.numMoeLayers() * config.moe().numExperts() : 0;
        return BF16_BYTES * config.parameters() + (FLOAT_BYTES - BF16_BYTES) * biases;
    }

    /** Keys and values of one token over all attention layers. */
    public static long kvBytesPerToken(ModelConfig config) {
        return (long) config.numAttentionLayers() * 2 * config.attention().kvWidth() * BF16_BYTES;
    }

    /** {@code attention layers x 2 x kv heads x 64 tokens x head dim x 2 B}. */
    public static long kvBlockBytes(ModelConfig config) {
        return ModelLimits.BLOCK_TOKENS * kvBytesPerToken(config);
    }

    /** {@code conv layers x (taps - 1) x hidden x 2 B}: a slot's state, and a snapshot of it. */
    public static long convSlotBytes(ModelConfig config) {
        return (long) config.numConvLayers() * config.convStateLength() * config.hiddenSize() * BF16_BYTES;
    }

    /**
     * Activations of a step, reused by all layers. With T batched tokens, h hidden, kv the key width, f the dense
     * width, e the expert width, k the experts a token, s the sequences, which is also the rows of logits, and V the
     * vocabulary: {@code T x 2 B x (4h + 3h + (h + 2kv) + f + k(e + h)) + T x 8 B x k + s x (2h + 4V) B}, which is
     * residual, norm, operator and update rows; the two projections; dense and expert products; routing; logits.
     */
    public static long workspaceBytes(ModelConfig config, int maxNumBatchedTokens, int maxNumSeqs) {
        long hidden = config.hiddenSize();
        long perToken = 4 * hidden + 3 * hidden + hidden + 2L * config.attention().kvWidth();
        if (config.feedForward().numDenseLayers() > 0) {
            perToken += config.feedForward().denseWidth();
        }
        long chosen = config.moe().expertsPerToken();
        perToken += chosen * (config.moe().expertWidth() + (config.isMoe() ? hidden : 0));
        return maxNumBatchedTokens * (BF16_BYTES * perToken + 2 * FLOAT_BYTES * chosen)
                + maxNumSeqs * (BF16_BYTES * hidden + (long) FLOAT_BYTES * config.vocabSize());
    }

    /** What the KV blocks take. */
    public long kvBytes() {
        return limits.numKvBlocks() * kvBlockBytes;
    }

    /** What is left over: less than a block, or memory that no block count can use. */
    public long freeBytes() {
        return budgetBytes - weightsBytes - convSlotsBytes - snapshotsBytes - workspaceBytes - kvBytes();
    }

    /** Tokens in all KV blocks. */
    public long numKvTokens() {
        return (long) limits.numKvBlocks() * ModelLimits.BLOCK_TOKENS;
    }

    /** Sequences of {@code length} tokens that run at once: by KV blocks, and at most {@code maxNumSeqs}. */
    public int numSequences(int length) {
        return Math.min(limits.maxNumSeqs(), limits.numKvBlocks() / ModelLimits.blocksFor(length));
    }
}
