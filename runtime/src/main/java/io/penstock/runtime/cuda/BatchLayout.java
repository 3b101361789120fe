package io.penstock.runtime.cuda;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the arrays of a step lie in the device's batch, if none has more than {@code capacity} elements: one behind the
 * other, so that one copy of what a step uses is short where the step is small. There is a layout for each doubling,
 * and a graph holds for the one of its rows.
 */
final class BatchLayout {
    /** The arrays, and of what each has one element. */
    enum Section {
        NUM_TOKENS(Per.STEP),
        NUM_BLOCK_UPDATES(Per.STEP),
        SECOND_NUM_TOKENS(Per.HALVED_STEP),
        TOKEN_IDS(Per.TOKEN),
        POSITIONS(Per.TOKEN),
        SLOT_MAPPING(Per.TOKEN),
        TOKEN_SEQS(Per.TOKEN),
        LOGIT_TOKENS(Per.TOKEN),
        SNAPSHOT_TOKENS(Per.TOKEN),
        SNAPSHOT_SLOTS(Per.TOKEN),
        CU_SEQLENS_Q(Per.SEQ),
        SEQ_LENS_K(Per.SEQ),
        CONV_SLOTS(Per.SEQ),
        INITIAL_SNAPSHOTS(Per.SEQ),
        SAMPLED_SLOTS(Per.SEQ),
        MASKS(Per.SEQ),
        SCORE_TARGETS(Per.SEQ),
        SCORE_TOP_LOGPROBS(Per.SEQ),
        UPDATE_CONV_SLOTS(Per.BLOCK_UPDATE),
        UPDATE_INDICES(Per.BLOCK_UPDATE),
        UPDATE_BLOCKS(Per.BLOCK_UPDATE),
        COPY_FROM(Per.COPY),
        COPY_TO(Per.COPY),
        SECOND_POSITIONS(Per.SECOND),
        SECOND_SLOT_MAPPING(Per.SECOND),
        SECOND_SEQ_LENS_K(Per.SECOND),
        SECOND_CONV_SLOTS(Per.SECOND),
        SECOND_INITIAL_SNAPSHOTS(Per.SECOND),
        SECOND_SNAPSHOT_TOKENS(Per.SECOND),
        SECOND_SNAPSHOT_SLOTS(Per.SECOND);

        private final Per per;

        Section(Per per) {
            this.per = per;
        }
    }

    /**
     * What an array has an element for; tokens stand for snapshots and rows of logits too. Where steps have halves, the
     * sequences of the second have arrays of their own, numbered from there.
     */
    private enum Per {
        STEP,
        HALVED_STEP,
        TOKEN,
        SEQ,
        BLOCK_UPDATE,
        COPY,
        SECOND;

        private int most(ModelLimits limits, boolean hasHalves) {
            return switch (this) {
                case STEP -> 1;
                case HALVED_STEP -> hasHalves ? 1 : 0;
                case SECOND -> hasHalves ? limits.maxNumSeqs() - HalfBatches.numFirst(limits.maxNumSeqs()) : 0;
                case TOKEN -> limits.maxNumBatchedTokens();
                case SEQ -> limits.maxNumSeqs();
                case BLOCK_UPDATE -> limits.maxNumBlockUpdates();
                case COPY -> limits.maxNumCopies();
            };
        }
    }

    private static final Section[] SECTIONS = Section.values();
    private static final Per[] ALL = Per.values();
    private static final int LEAST_CAPACITY = 64;
    private static final int ALIGNMENT_BYTES = 256;

    private final int capacity;
    private final long[] offsets = new long[SECTIONS.length];
    private final long planOffset;

    private BatchLayout(int capacity, ModelLimits limits, boolean hasHalves) {
        this.capacity = capacity;
        long end = 0;
        for (Section section : SECTIONS) {
            offsets[section.ordinal()] = end;
            int number = Math.min(capacity, section.per.most(limits, hasHalves)) + (section.per == Per.SEQ ? 1 : 0);
            end += aligned((long) Integer.BYTES * number);
        }
        planOffset = end;
    }

    static long aligned(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    }

    /**
     * The layouts that hold all batches within limits, the smallest first.
     *
     * @param hasHalves whether some are run as two halves
     */
    static BatchLayout[] of(ModelLimits limits, boolean hasHalves) {
        int most = LEAST_CAPACITY;
        for (Per per : ALL) {
            most = Math.max(most, per.most(limits, hasHalves));
        }
        int doublings = Integer.SIZE - Integer.numberOfLeadingZeros((most - 1) / LEAST_CAPACITY);
        BatchLayout[] layouts = new BatchLayout[doublings + 1];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = new BatchLayout(LEAST_CAPACITY << i, limits, hasHalves);
        }
        return layouts;
    }

    /** The most elements of one array that a step needs. */
    static int needs(ForwardBatch batch, int numRows) {
        int most = Math.max(numRows, Math.max(batch.numTokens(), batch.numSeqs()));
        most = Math.max(most, Math.max(batch.numLogits(), batch.numSnapshots()));
        return Math.max(most, Math.max(batch.numBlockUpdates(), batch.numCopies()));
    }

    int capacity() {
        return capacity;
    }

    /** Where an array begins. */
    long offset(Section section) {
        return offsets[section.ordinal()];
    }

    /** Sets an element of an array in a batch in native memory. */
    void set(MemorySegment batch, Section section, int index, int value) {
        batch.set(ValueLayout.JAVA_INT, offset(section) + (long) Integer.BYTES * index, value);
    }

    /** Where attention's plan begins, behind the arrays. */
    long planOffset() {
        return planOffset;
    }
}
