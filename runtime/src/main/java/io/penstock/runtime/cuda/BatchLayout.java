package io.penstock.runtime.cuda;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;

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
        COPY_TO(Per.COPY);

        private final Per per;

        Section(Per per) {
            this.per = per;
        }
    }

    /** What an array has an element for; tokens stand for snapshots and rows of logits too. */
    private enum Per {
        STEP,
        TOKEN,
        SEQ,
        BLOCK_UPDATE,
        COPY;

        private int most(ModelLimits limits) {
            return switch (this) {
                case STEP -> 1;
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

    private BatchLayout(int capacity, ModelLimits limits) {
        this.capacity = capacity;
        long end = 0;
        for (Section section : SECTIONS) {
            offsets[section.ordinal()] = end;
            int number = Math.min(capacity, section.per.most(limits)) + (section.per == Per.SEQ ? 1 : 0);
            end += aligned((long) Integer.BYTES * number);
        }
        planOffset = end;
    }

    static long aligned(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    }

    /** The layouts that hold all batches within limits, the smallest first. */
    static BatchLayout[] of(ModelLimits limits) {
        int most = LEAST_CAPACITY;
        for (Per per : ALL) {
            most = Math.max(most, per.most(limits));
        }
        int doublings = Integer.SIZE - Integer.numberOfLeadingZeros((most - 1) / LEAST_CAPACITY);
        BatchLayout[] layouts = new BatchLayout[doublings + 1];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = new BatchLayout(LEAST_CAPACITY << i, limits);
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

    /** Where attention's plan begins, behind the arrays. */
    long planOffset() {
        return planOffset;
    }
}
