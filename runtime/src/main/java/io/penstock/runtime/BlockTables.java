package io.penstock.runtime;

import java.util.Arrays;

/**
 * The KV blocks of each conv slot's sequence, in order. Owned by a runner, which applies each batch's updates before
 * it computes; what is not updated stays from step to step, and from one sequence in a slot to the next.
 */
public final class BlockTables {
    private static final int UNSET = -1;

    private final int maxBlocksPerSeq;
    private final int[] blocks;

    public BlockTables(ModelLimits limits) {
        maxBlocksPerSeq = limits.maxBlocksPerSeq();
        blocks = new int[Math.multiplyExact(limits.numConvSlots(), maxBlocksPerSeq)];
        Arrays.fill(blocks, UNSET);
    }

    /** Takes over the updates of a batch, in their order. */
    public void apply(ForwardBatch batch) {
        for (int i = 0; i < batch.numBlockUpdates(); i++) {
            blocks[batch.updateConvSlot(i) * maxBlocksPerSeq + batch.updateIndex(i)] = batch.updateBlock(i);
        }
        assert firstStray(batch) < 0 : "sequence " + firstStray(batch) + " in conv slot "
                + batch.convSlot(firstStray(batch)) + " of " + batch.seqLenK(firstStray(batch))
                + " tokens: its block table lacks a block, or has another than its tokens are written to";
    }

    /** The {@code index}-th KV block of the sequence in a conv slot; -1 if none was ever set. */
    public int block(int convSlot, int index) {
        return blocks[convSlot * maxBlocksPerSeq + index];
    }

    /** The first sequence whose table does not hold its context or does not agree with its tokens' slots, or -1. */
    private int firstStray(ForwardBatch batch) {
        for (int s = 0; s < batch.numSeqs(); s++) {
            int convSlot = batch.convSlot(s);
            for (int i = 0; i < ModelLimits.blocksFor(batch.seqLenK(s)); i++) {
                if (block(convSlot, i) == UNSET) {
                    return s;
                }
            }
            for (int t = batch.firstToken(s); t < batch.firstToken(s + 1); t++) {
                int index = batch.position(t) / ModelLimits.BLOCK_TOKENS;
                if (block(convSlot, index) != batch.slot(t) / ModelLimits.BLOCK_TOKENS) {
                    return s;
                }
            }
        }
        return -1;
    }
}
