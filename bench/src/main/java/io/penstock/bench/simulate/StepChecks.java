package io.penstock.bench.simulate;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.Arrays;

/**
 * What holds of every batch: it keeps the limits, has each sequence once, and each sequence goes on exactly where it
 * stopped, a decode row by one token.
 */
final class StepChecks {
    private static final long NONE = -1;

    private final ModelLimits limits;
    private final long[] sequences;
    private final int[] nextPositions;
    private final int[] knownTokens;
    private final boolean[] isStarted;
    private final boolean[] isInBatch;
    private final boolean[] comesFromHost;

    StepChecks(ModelLimits limits) {
        this.limits = limits;
        int numSlots = limits.numConvSlots();
        sequences = new long[numSlots];
        Arrays.fill(sequences, NONE);
        nextPositions = new int[numSlots];
        knownTokens = new int[numSlots];
        isStarted = new boolean[numSlots];
        isInBatch = new boolean[numSlots];
        comesFromHost = new boolean[numSlots];
    }

    private static void check(boolean holds, String what, long found, long expected) {
        if (!holds) {
            throw new IllegalStateException(what + " is " + found + ", not " + expected);
        }
    }

    /** A sequence takes a conv slot, with so many tokens known. */
    void started(int convSlot, long sequenceId, int numTokens) {
        sequences[convSlot] = sequenceId;
        knownTokens[convSlot] = numTokens;
        isStarted[convSlot] = true;
    }

    void launched(ForwardBatch batch) {
        check(batch.numTokens() <= limits.maxNumBatchedTokens(), "tokens in a step", batch.numTokens(),
                limits.maxNumBatchedTokens());
        check(batch.numSeqs() <= limits.maxNumSeqs(), "sequences in a step", batch.numSeqs(), limits.maxNumSeqs());
        Arrays.fill(comesFromHost, false);
        for (int i = 0; i < batch.numCopies(); i++) {
            if (batch.copyKind(i) == ForwardBatch.Copy.SLOT_FROM_HOST) {
                comesFromHost[batch.copyTo(i)] = true;
            }
        }
        Arrays.fill(isInBatch, false);
        for (int seq = 0; seq < batch.numSeqs(); seq++) {
            advance(batch, seq);
        }
    }

    private void advance(ForwardBatch batch, int seq) {
        int slot = batch.convSlot(seq);
        check(!isInBatch[slot], "the conv slot of a batch's second sequence", slot, NONE);
        isInBatch[slot] = true;
        check(sequences[slot] != NONE, "the conv slot of a sequence that was never started", slot, NONE);
        int from = batch.position(batch.firstToken(seq));
        int numTokens = batch.firstToken(seq + 1) - batch.firstToken(seq);
        boolean hasState = batch.initialSnapshot(seq) != ForwardBatch.NO_SNAPSHOT || comesFromHost[slot] || from == 0;
        if (isStarted[slot]) {
            check(hasState && from <= knownTokens[slot], "first position of sequence " + sequences[slot], from, 0);
            isStarted[slot] = false;
        } else {
            check(from == nextPositions[slot], "position of sequence " + sequences[slot], from, nextPositions[slot]);
        }
        if (batch.tokenId(batch.firstToken(seq)) == ForwardBatch.LAST_SAMPLED) {
            check(numTokens == 1, "tokens of a decode row", numTokens, 1);
        }
        nextPositions[slot] = from + numTokens;
    }
}
