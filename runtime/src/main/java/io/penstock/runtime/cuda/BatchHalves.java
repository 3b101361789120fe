package io.penstock.runtime.cuda;

import io.penstock.kernels.AttentionPlan;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.cuda.BatchLayout.Section;
import java.lang.foreign.MemorySegment;

/**
 * The halves of a {@link DeviceBatch}'s decode steps. The first half's arrays are the beginnings of the step's; the
 * second's have places of their own, and so have the attention plans of both, one behind the other.
 */
final class BatchHalves {
    private static final int NOWHERE = -1;

    private final HalfBatches rule;
    private final AttentionPlan first;
    private final AttentionPlan second;
    private final long planBytes;
    private final boolean hasSnapshots;

    /**
     * For steps within limits.
     *
     * @param sizes of either half's plan; null if the rule is for none of them
     */
    BatchHalves(HalfBatches rule, AttentionPlan.Sizes sizes, boolean hasSnapshots) {
        this.rule = rule;
        this.hasSnapshots = hasSnapshots;
        first = sizes == null ? null : new AttentionPlan(sizes);
        second = sizes == null ? null : new AttentionPlan(sizes);
        planBytes = sizes == null ? 0 : BatchLayout.aligned(sizes.planBytes());
    }

    /** No step has halves. */
    static BatchHalves none() {
        return new BatchHalves(HalfBatches.NONE, null, false);
    }

    /** Whether there are steps with halves. */
    boolean areThere() {
        return first != null;
    }

    /** Bytes of both plans at most. */
    long sizeBytes() {
        return 2 * planBytes;
    }

    /** Where the plan of a half begins, behind where plans begin. */
    long planOffset(BatchPart part) {
        return part == BatchPart.SECOND ? planBytes : 0;
    }

    /** Rows of the first half of a graph's decode step, or 0 if it has none. */
    int numFirst(int numRows) {
        return areThere() && rule.isFor(numRows) ? HalfBatches.numFirst(numRows) : 0;
    }

    /** The same of a step; it has none if it is no decode step, or writes more snapshots than a half has rows. */
    int numFirst(ForwardBatch batch, int numRows) {
        int numFirst = numFirst(numRows);
        if (numFirst == 0 || batch.numTokens() != batch.numSeqs()) {
            return 0;
        }
        int numOfSecond = batch.numSnapshots() - firstSnapshotFrom(batch, numFirst);
        return numOfSecond <= numRows - numFirst ? numFirst : 0;
    }

    /** Snapshots that the second half's operations look through. */
    int numSnapshots(int numRows) {
        return hasSnapshots ? numRows : 0;
    }

    private static int firstSnapshotFrom(ForwardBatch batch, int token) {
        int first = 0;
        while (first < batch.numSnapshots() && batch.snapshotToken(first) < token) {
            first++;
        }
        return first;
    }

    /**
     * Writes the second half's arrays, and both plans.
     *
     * @param numFirst as {@link #numFirst} says, not 0
     * @return the bytes used from where plans begin
     */
    long write(MemorySegment host, BatchLayout layout, ForwardBatch batch, int numRows, int numFirst) {
        layout.set(host, Section.SECOND_NUM_TOKENS, 0, Math.max(0, batch.numTokens() - numFirst));
        first.clear();
        second.clear();
        for (int s = 0; s < Math.min(numFirst, batch.numSeqs()); s++) {
            first.add(s, 1, batch.convSlot(s), batch.seqLenK(s) - 1);
        }
        for (int s = numFirst; s < numRows; s++) {
            int row = s - numFirst;
            boolean isReal = s < batch.numSeqs();
            layout.set(host, Section.SECOND_POSITIONS, row, isReal ? batch.position(s) : 0);
            layout.set(host, Section.SECOND_SLOT_MAPPING, row, isReal ? batch.slot(s) : NOWHERE);
            layout.set(host, Section.SECOND_SEQ_LENS_K, row, isReal ? batch.seqLenK(s) : 1);
            layout.set(host, Section.SECOND_CONV_SLOTS, row, isReal ? batch.convSlot(s) : NOWHERE);
            layout.set(host, Section.SECOND_INITIAL_SNAPSHOTS, row, isReal ? batch.initialSnapshot(s) : NOWHERE);
            if (isReal) {
                second.add(row, 1, batch.convSlot(s), batch.seqLenK(s) - 1);
            }
        }
        writeSnapshots(host, layout, batch, numRows - numFirst, numFirst);
        first.write(host, layout.planOffset());
        second.write(host, layout.planOffset() + planBytes);
        return planBytes + second.usedBytes();
    }

    private void writeSnapshots(
            MemorySegment host, BatchLayout layout, ForwardBatch batch, int numRows, int numFirst) {
        int from = firstSnapshotFrom(batch, numFirst);
        for (int pair = 0; pair < numSnapshots(numRows); pair++) {
            boolean isThere = from + pair < batch.numSnapshots();
            layout.set(host, Section.SECOND_SNAPSHOT_TOKENS, pair,
                    isThere ? batch.snapshotToken(from + pair) - numFirst : Integer.MAX_VALUE);
            layout.set(host, Section.SECOND_SNAPSHOT_SLOTS, pair,
                    isThere ? batch.snapshotSlot(from + pair) : NOWHERE);
        }
    }
}
