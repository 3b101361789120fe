package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.AttentionPlan;
import io.penstock.kernels.EmbedKernel;
import io.penstock.kernels.ShortConvKernel;
import io.penstock.kernels.UpdateBlockTablesKernel;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.cuda.BatchLayout.Section;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A {@link ForwardBatch} as the kernels read it: arrays of int at addresses that depend on nothing but the step's
 * {@link BatchLayout}, so that a graph holds for every batch of its rows. One copy a step, of what the step uses, from
 * two buffers in turn: a step's copy may wait behind the step before it while the host fills the next.
 */
final class DeviceBatch implements AutoCloseable {
    private static final int NONE = -1;

    private final int maxNumLogits;
    private final BatchLayout[] layouts;
    private final ShortConvKernel.SequenceAddresses[] sequences;
    private final UpdateBlockTablesKernel.UpdateAddresses[] blockUpdates;
    private final PinnedMemory[] pinned = new PinnedMemory[ModelRunner.MAX_STEPS_IN_FLIGHT];
    private final DeviceMemory memory;
    private final AttentionPlan plan;
    private BatchLayout layout;
    private int index;
    private int next;

    DeviceBatch(Device device, ModelLimits limits, AttentionPlan.Sizes attention) {
        maxNumLogits = limits.maxNumLogits();
        layouts = BatchLayout.of(limits);
        long sizeBytes = layouts[layouts.length - 1].planOffset() + BatchLayout.aligned(attention.planBytes());
        for (int i = 0; i < pinned.length; i++) {
            pinned[i] = device.allocatePinned("batch", sizeBytes);
        }
        memory = device.allocate("batch", sizeBytes);
        plan = new AttentionPlan(attention);
        sequences = new ShortConvKernel.SequenceAddresses[layouts.length];
        blockUpdates = new UpdateBlockTablesKernel.UpdateAddresses[layouts.length];
        for (int i = 0; i < layouts.length; i++) {
            use(i);
            sequences[i] = new ShortConvKernel.SequenceAddresses(
                    address(Section.TOKEN_SEQS),
                    address(Section.CU_SEQLENS_Q),
                    address(Section.SEQ_LENS_K),
                    address(Section.CONV_SLOTS),
                    address(Section.INITIAL_SNAPSHOTS),
                    address(Section.SNAPSHOT_TOKENS),
                    address(Section.SNAPSHOT_SLOTS));
            blockUpdates[i] = new UpdateBlockTablesKernel.UpdateAddresses(
                    address(Section.UPDATE_CONV_SLOTS),
                    address(Section.UPDATE_INDICES),
                    address(Section.UPDATE_BLOCKS),
                    address(Section.NUM_BLOCK_UPDATES));
        }
    }

    /** How many layouts there are; what knows addresses of a batch knows those of each. */
    int numLayouts() {
        return layouts.length;
    }

    /** Which layout the addresses are of: that of the batch uploaded last, or the one asked for since. */
    int layout() {
        return index;
    }

    /** Gives the addresses of a layout from here on. */
    void use(int layoutIndex) {
        index = layoutIndex;
        layout = layouts[layoutIndex];
    }

    /** Gives the addresses that hold for a graph of so many rows. */
    void useRows(int numRows) {
        use(indexFor(numRows));
    }

    /** Whether a graph of so many rows finds a batch where it looks: not if other arrays need a larger layout. */
    boolean holds(ForwardBatch batch, int numRows) {
        return BatchLayout.needs(batch, numRows) <= layouts[indexFor(numRows)].capacity();
    }

    private int indexFor(int numElements) {
        int found = 0;
        while (layouts[found].capacity() < numElements) {
            found++;
        }
        return found;
    }

    private long address(Section section) {
        return memory.address() + layout.offset(section);
    }

    /**
     * Queues the copy of a batch; the one before the last has been copied.
     *
     * @param numRows rows that the step computes, of which those behind the batch's are padding; each has one token
     */
    void upload(Stream stream, ForwardBatch batch, int numRows) {
        useRows(BatchLayout.needs(batch, numRows));
        MemorySegment host = pinned[next].segment();
        next = (next + 1) % pinned.length;
        plan.clear();
        for (int s = 0; s < batch.numSeqs(); s++) {
            set(host, Section.CU_SEQLENS_Q, s, batch.firstToken(s));
            set(host, Section.SEQ_LENS_K, s, batch.seqLenK(s));
            set(host, Section.CONV_SLOTS, s, batch.convSlot(s));
            set(host, Section.INITIAL_SNAPSHOTS, s, batch.initialSnapshot(s));
            for (int t = batch.firstToken(s); t < batch.firstToken(s + 1); t++) {
                int tokenId = batch.tokenId(t);
                set(host, Section.TOKEN_IDS, t, tokenId == ForwardBatch.LAST_SAMPLED
                        ? EmbedKernel.lastSampledBy(batch.convSlot(s)) : tokenId);
                set(host, Section.POSITIONS, t, batch.position(t));
                set(host, Section.SLOT_MAPPING, t, batch.slot(t));
                set(host, Section.TOKEN_SEQS, t, s);
            }
            int numTokens = batch.firstToken(s + 1) - batch.firstToken(s);
            plan.add(batch.firstToken(s), numTokens, batch.convSlot(s), batch.seqLenK(s) - numTokens);
        }
        set(host, Section.CU_SEQLENS_Q, batch.numSeqs(), batch.numTokens());
        set(host, Section.NUM_TOKENS, 0, batch.numTokens());
        setLogits(host, batch, numRows);
        for (int p = 0; p < batch.numSnapshots(); p++) {
            set(host, Section.SNAPSHOT_TOKENS, p, batch.snapshotToken(p));
            set(host, Section.SNAPSHOT_SLOTS, p, batch.snapshotSlot(p));
        }
        setMemoryChanges(host, batch);
        pad(host, batch, numRows);
        plan.write(host, layout.planOffset());
        stream.copyToDevice(memory, 0, host, 0, layout.planOffset() + plan.usedBytes());
    }

    /** Rows that are not sampled, and those that only fill up a graph's batch, have no slot. */
    private void setLogits(MemorySegment host, ForwardBatch batch, int numRows) {
        for (int r = 0; r < batch.numLogits(); r++) {
            set(host, Section.LOGIT_TOKENS, r, batch.logitToken(r));
            set(host, Section.SAMPLED_SLOTS, r, batch.isSampled(r) ? batch.logitConvSlot(r) : NONE);
            set(host, Section.MASKS, r, batch.maskIndex(r));
            set(host, Section.SCORE_TARGETS, r, batch.isScored(r) ? batch.scoreTarget(r) : NONE);
            set(host, Section.SCORE_TOP_LOGPROBS, r, batch.scoreTopLogprobs(r));
        }
        for (int r = batch.numLogits(); r < Math.min(numRows, maxNumLogits); r++) {
            set(host, Section.SAMPLED_SLOTS, r, NONE);
            set(host, Section.SCORE_TARGETS, r, NONE);
        }
    }

    /** Padding rows are sequences of one token without slots, blocks, results or snapshots. */
    private void pad(MemorySegment host, ForwardBatch batch, int numRows) {
        for (int row = batch.numTokens(); row < numRows; row++) {
            set(host, Section.TOKEN_IDS, row, 0);
            set(host, Section.POSITIONS, row, 0);
            set(host, Section.SLOT_MAPPING, row, NONE);
            set(host, Section.TOKEN_SEQS, row, row);
            set(host, Section.CU_SEQLENS_Q, row + 1, row + 1);
            set(host, Section.SEQ_LENS_K, row, 1);
            set(host, Section.CONV_SLOTS, row, NONE);
            set(host, Section.INITIAL_SNAPSHOTS, row, NONE);
        }
        for (int row = batch.numLogits(); row < numRows; row++) {
            set(host, Section.LOGIT_TOKENS, row, 0);
        }
        for (int pair = batch.numSnapshots(); pair < numRows; pair++) {
            set(host, Section.SNAPSHOT_TOKENS, pair, Integer.MAX_VALUE);
            set(host, Section.SNAPSHOT_SLOTS, pair, NONE);
        }
    }

    private void setMemoryChanges(MemorySegment host, ForwardBatch batch) {
        set(host, Section.NUM_BLOCK_UPDATES, 0, batch.numBlockUpdates());
        for (int i = 0; i < batch.numBlockUpdates(); i++) {
            set(host, Section.UPDATE_CONV_SLOTS, i, batch.updateConvSlot(i));
            set(host, Section.UPDATE_INDICES, i, batch.updateIndex(i));
            set(host, Section.UPDATE_BLOCKS, i, batch.updateBlock(i));
        }
        for (int i = 0; i < batch.numCopies(); i++) {
            set(host, Section.COPY_FROM, i, batch.copyFrom(i));
            set(host, Section.COPY_TO, i, batch.copyTo(i));
        }
    }

    private void set(MemorySegment host, Section section, int index, int value) {
        host.set(ValueLayout.JAVA_INT, layout.offset(section) + (long) Integer.BYTES * index, value);
    }

    /** Token ids [tokens]. */
    long tokenIds() {
        return address(Section.TOKEN_IDS);
    }

    /** Positions [tokens]. */
    long positions() {
        return address(Section.POSITIONS);
    }

    /** KV slots [tokens]. */
    long slotMapping() {
        return address(Section.SLOT_MAPPING);
    }

    /** Batch tokens [logit rows]. */
    long logitTokens() {
        return address(Section.LOGIT_TOKENS);
    }

    /** How many tokens the batch has [1]: rows from there on are padding. */
    long numRealTokens() {
        return address(Section.NUM_TOKENS);
    }

    /** Conv slots that sample [logit rows], negative where nothing is sampled. */
    long sampledSlots() {
        return address(Section.SAMPLED_SLOTS);
    }

    /** Indices of token masks [logit rows]. */
    long masks() {
        return address(Section.MASKS);
    }

    /** Tokens whose log probability is wanted [logit rows], or negative. */
    long scoreTargets() {
        return address(Section.SCORE_TARGETS);
    }

    /** How many most likely tokens a scored row lists [logit rows]. */
    long scoreTopLogprobs() {
        return address(Section.SCORE_TOP_LOGPROBS);
    }

    /** What the short convolution reads of the sequences. */
    ShortConvKernel.SequenceAddresses sequences() {
        return sequences[index];
    }

    /** What changes in the block tables. */
    UpdateBlockTablesKernel.UpdateAddresses blockUpdates() {
        return blockUpdates[index];
    }

    /** Where each copy comes from and goes to, as blocks or slots [copies]. */
    long copyFrom(int copy) {
        return address(Section.COPY_FROM) + (long) Integer.BYTES * copy;
    }

    long copyTo(int copy) {
        return address(Section.COPY_TO) + (long) Integer.BYTES * copy;
    }

    /** Who attends to what, of the batch that was uploaded last. */
    AttentionPlan plan() {
        return plan;
    }

    /** The plan on the device. */
    long planAddress() {
        return memory.address() + layout.planOffset();
    }

    @Override
    public void close() {
        memory.close();
        for (PinnedMemory buffer : pinned) {
            buffer.close();
        }
    }
}
