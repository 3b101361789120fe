package io.penstock.serving.model;

import io.penstock.runtime.InputException;
import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.plan.MemoryPlan;
import io.penstock.runtime.plan.MemorySize;

/**
 * The limits that a model is run with, resolved from {@link AskedLimits} after seeing model and memory, and what they
 * take: of the Java heap in float32, or of a device in bfloat16.
 *
 * @param budgetBytes what may be used: by the JVM, whose heap the weights are no part of, or of the device
 * @param kvBytes all KV blocks
 * @param statesBytes conv slots and snapshots
 * @param swapBytes swapped KV blocks and conv states
 * @param workspaceBytes activations of one step
 */
public record ResolvedLimits(
        ModelLimits limits, long budgetBytes, long kvBytes, long statesBytes, long swapBytes, long workspaceBytes) {
    /** Tokens of a sequence that there is room for unless more is asked for. */
    public static final int DEFAULT_MODEL_LEN = 4096;

    /** Tokens that a running sequence is given room for on average; the longer ones share. */
    private static final int USUAL_TOKENS = 1024;

    /** Shares of the heap: what KV blocks take by default, and what all may take. */
    private static final double DEFAULT_KV_SHARE = 0.3;
    private static final double MAX_SHARE = 0.9;

    /** Snapshots from which choices of one prompt begin, where no prefixes are kept. */
    static final int FORK_SNAPSHOTS = 4;

    /** Token masks in one step: sequences in equal states share one, so this seldom holds back. */
    private static final int MOST_MASKS = 256;

    private static final int FLOATS_PER_BF16_BYTES = 2;

    /**
     * Resolves for the CPU.
     *
     * @param heapBytes what the JVM may use, {@link Runtime#maxMemory}
     * @throws InputException where it does not fit; says what to lower
     */
    public static ResolvedLimits of(ModelConfig model, ServingConfig config, long heapBytes) {
        AskedLimits asked = config.limits();
        int modelLen = modelLen(model, asked);
        int seqs = asked.maxNumSeqs() != null ? asked.maxNumSeqs() : config.preset().onCpu.maxNumSeqs();
        int batched = asked.maxNumBatchedTokens() != null ? asked.maxNumBatchedTokens()
                : Math.max(config.preset().onCpu.maxNumBatchedTokens(),
                        Math.min(2 * seqs, AskedLimits.MOST_BATCHED_TOKENS));
        long blockBytes = FLOATS_PER_BF16_BYTES * MemoryPlan.kvBlockBytes(model);
        int blocks = numKvBlocks(model, asked, seqs, modelLen, (long) (heapBytes * DEFAULT_KV_SHARE));
        int snapshots = asked.numSnapshots() != null ? asked.numSnapshots()
                : Math.max(Math.min(seqs, FORK_SNAPSHOTS), config.prefixCaching() ? blocks / 2 : 0);
        long swapBlocks = asked.swapBytes() == null ? 0 : asked.swapBytes() / blockBytes;
        requireArrayHolds(model, swapBlocks, "swap space", "lower it");
        var limits = new ModelLimits(
                seqs, batched, modelLen, blocks, snapshots, (int) swapBlocks, masks(model, seqs));
        long stateBytes = FLOATS_PER_BF16_BYTES * MemoryPlan.convSlotBytes(model);
        var resolved = new ResolvedLimits(limits, heapBytes, blocks * blockBytes,
                (limits.numConvSlots() + (long) snapshots) * stateBytes,
                swapBlocks * blockBytes + limits.numSwapSlots() * stateBytes,
                FLOATS_PER_BF16_BYTES * MemoryPlan.workspaceBytes(model, batched, seqs));
        resolved.requireFits();
        return resolved;
    }

    /** Room for token masks that a model has with so many sequences. */
    public static MaskLimits masks(ModelConfig model, int seqs) {
        return new MaskLimits(Math.min(seqs, MOST_MASKS), model.vocabSize());
    }

    static int modelLen(ModelConfig model, AskedLimits asked) {
        int most = model.dimensions().maxPositionEmbeddings();
        if (asked.maxModelLen() != null && asked.maxModelLen() > most) {
            throw new InputException("max_model_len " + asked.maxModelLen() + " is more than the " + most
                    + " tokens that the model was trained for: lower it");
        }
        return asked.maxModelLen() != null ? asked.maxModelLen() : Math.min(most, DEFAULT_MODEL_LEN);
    }

    /** Blocks that running sequences usually need. */
    static long usualBlocks(int seqs, int modelLen) {
        return Math.max(ModelLimits.blocksFor(modelLen),
                (long) seqs * ModelLimits.blocksFor(Math.min(modelLen, USUAL_TOKENS)));
    }

    private static int numKvBlocks(ModelConfig model, AskedLimits asked, int seqs, int modelLen, long budgetBytes) {
        long blockBytes = FLOATS_PER_BF16_BYTES * MemoryPlan.kvBlockBytes(model);
        int least = ModelLimits.blocksFor(modelLen);
        long blocks;
        if (asked.numKvBlocks() != null) {
            blocks = asked.numKvBlocks();
        } else if (asked.kvBytes() != null) {
            blocks = asked.kvBytes() / blockBytes;
        } else {
            long fitting = Math.min(budgetBytes / blockBytes, Integer.MAX_VALUE / blockFloats(model));
            blocks = Math.max(least, Math.min(usualBlocks(seqs, modelLen), fitting));
        }
        requireArrayHolds(model, blocks, "KV memory", "lower it, max_num_seqs or max_model_len");
        return requireOneSequence(blocks, modelLen, blockBytes);
    }

    static int requireOneSequence(long blocks, int modelLen, long blockBytes) {
        int least = ModelLimits.blocksFor(modelLen);
        if (blocks < least) {
            throw new InputException("a sequence of " + modelLen + " tokens (max_model_len) needs " + least
                    + " KV blocks, " + MemorySize.show(least * blockBytes) + ", and there are " + blocks
                    + ": give more, or lower max_model_len to " + blocks * ModelLimits.BLOCK_TOKENS);
        }
        return (int) blocks;
    }

    /** The CPU keeps a layer's blocks in one array. */
    private static void requireArrayHolds(ModelConfig model, long blocks, String what, String way) {
        long most = Integer.MAX_VALUE / blockFloats(model);
        if (blocks > most) {
            throw new InputException(what + " of " + blocks + " blocks is more than the " + most
                    + " that the CPU can hold: " + way);
        }
    }

    private static long blockFloats(ModelConfig model) {
        return 2L * ModelLimits.BLOCK_TOKENS * model.attention().kvWidth();
    }

    private void requireFits() {
        long all = kvBytes + statesBytes + swapBytes + workspaceBytes;
        if (all > budgetBytes * MAX_SHARE) {
            throw new InputException("does not fit: KV blocks take " + MemorySize.show(kvBytes)
                    + ", conv slots and snapshots " + MemorySize.show(statesBytes) + ", swap space "
                    + MemorySize.show(swapBytes) + ", workspace " + MemorySize.show(workspaceBytes) + " of a heap of "
                    + MemorySize.show(budgetBytes)
                    + ": lower max_model_len, max_num_seqs or max_num_batched_tokens, or give the JVM more with -Xmx");
        }
    }

    /** One line for a person: each limit by name, and what it takes. */
    public String describe() {
        return "max_num_seqs " + limits.maxNumSeqs()
                + ", max_num_batched_tokens " + limits.maxNumBatchedTokens()
                + ", max_model_len " + limits.maxModelLen()
                + ", num_kv_blocks " + limits.numKvBlocks() + " (" + MemorySize.show(kvBytes) + ")"
                + ", num_snapshots " + limits.numSnapshots() + " (with conv slots " + MemorySize.show(statesBytes) + ")"
                + ", num_swap_blocks " + limits.numSwapBlocks() + " (" + MemorySize.show(swapBytes) + ")"
                + ", max_num_masks " + limits.masks().maxNumMasks()
                + ", workspace " + MemorySize.show(workspaceBytes);
    }
}
