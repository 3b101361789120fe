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
    private final ShortConvKernel.SequenceAddresses[] sequencesOfSecond;
    private final UpdateBlockTablesKernel.UpdateAddresses[] blockUpdates;
    private final PinnedMemory[] pinned = new PinnedMemory[ModelRunner.MAX_STEPS_IN_FLIGHT];
    private final DeviceMemory memory;
    private final AttentionPlan plan;
    private final BatchHalves halves;
    private BatchLayout layout;
    private int index;
    private int next;
    private int numFirst;

    DeviceBatch(Device device, ModelLimits limits, AttentionPlan.Sizes attention, BatchHalves halves) {
        maxNumLogits = limits.maxNumLogits();
        this.halves = halves;
        layouts = BatchLayout.of(limits, halves.areThere());
        long sizeBytes = layouts[layouts.length - 1].planOffset()
                + Math.max(BatchLayout.aligned(attention.planBytes()), halves.sizeBytes());
        for (int i = 0; i < pinned.length; i++) {
            pinned[i] = device.allocatePinned("batch", sizeBytes);
        }
        memory = device.allocate("batch", sizeBytes);
        plan = new AttentionPlan(attention);
        sequences = new ShortConvKernel.SequenceAddresses[layouts.length];
        sequencesOfSecond = new ShortConvKernel.SequenceAddresses[layouts.length];
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
            sequencesOfSecond[i] = new ShortConvKernel.SequenceAddresses(
                    address(Section.TOKEN_SEQS),
                    address(Section.CU_SEQLENS_Q),
                    address(Section.SECOND_SEQ_LENS_K),
                    address(Section.SECOND_CONV_SLOTS),
                    address(Section.SECOND_INITIAL_SNAPSHOTS),
                    address(Section.SECOND_SNAPSHOT_TOKENS),
                    address(Section.SECOND_SNAPSHOT_SLOTS));
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
        numFirst = halves.numFirst(numRows);
    }

    /** Whether a graph of so many rows finds a batch where it looks: not if other arrays need a larger layout. */
    boolean holds(ForwardBatch batch, int numRows) {
        return BatchLayout.needs(batch, numRows) <= layouts[indexFor(numRows)].capacity()
                && (halves.numFirst(numRows) == 0 || halves.numFirst(batch, numRows) > 0);
    }

    /** Rows of the first half, of the batch uploaded last or the graph asked for since; 0 if it is not halved. */
    int numFirst() {
        return numFirst;
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
        numFirst = halves.numFirst(batch, numRows);
        MemorySegment host = pinned[next].segment();
        next = (next + 1) % pinned.length;
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
        long planBytes = numFirst > 0 ? halves.write(host, layout, batch, numRows, numFirst) : writePlan(host, batch);
        stream.copyToDevice(memory, 0, host, 0, layout.planOffset() + planBytes);
    }

    private long writePlan(MemorySegment host, ForwardBatch batch) {
        plan.clear();
        for (int s = 0; s < batch.numSeqs(); s++) {
            int numTokens = batch.firstToken(s + 1) - batch.firstToken(s);
            plan.add(batch.firstToken(s), numTokens, batch.convSlot(s), batch.seqLenK(s) - numTokens);
        }
        plan.write(host, layout.planOffset());
        return plan.usedBytes();
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
        layout.set(host, section, index, value);
    }

    /** Token ids [tokens]. */
    long tokenIds() {
        return address(Section.TOKEN_IDS);
    }

    /** Positions [tokens]. */
    long positions(BatchPart part) {
        return address(part == BatchPart.SECOND ? Section.SECOND_POSITIONS : Section.POSITIONS);
    }

    /** KV slots [tokens]. */
    long slotMapping(BatchPart part) {
        return address(part == BatchPart.SECOND ? Section.SECOND_SLOT_MAPPING : Section.SLOT_MAPPING);
    }

    /** Batch tokens [logit rows]. */
    long logitTokens() {
        return address(Section.LOGIT_TOKENS);
    }

    /** How many tokens there are [1], in every layout: rows from there on are padding. */
    long numRealTokens(BatchPart part) {
        return address(part == BatchPart.SECOND ? Section.SECOND_NUM_TOKENS : Section.NUM_TOKENS);
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
    ShortConvKernel.SequenceAddresses sequences(BatchPart part) {
        return (part == BatchPart.SECOND ? sequencesOfSecond : sequences)[index];
    }

    /** How many of their snapshots are looked through, for so many rows. */
    int numSnapshots(BatchPart part, ForwardBatch batch, int numRows) {
        return part == BatchPart.SECOND ? halves.numSnapshots(numRows) : batch.numSnapshots();
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
    long planAddress(BatchPart part) {
        return memory.address() + layout.planOffset() + halves.planOffset(part);
    }

    @Override
    public void close() {
        memory.close();
        for (PinnedMemory buffer : pinned) {
            buffer.close();
        }
    }
}
