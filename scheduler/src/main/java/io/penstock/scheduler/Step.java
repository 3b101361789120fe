package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import java.util.Arrays;

/**
 * One planned step: the batch, the sequences that take a conv slot with it, and whose each row of logits is. A row is
 * its conv slot's, so the step notes only those that have left their slot since.
 */
public final class Step {
    private final ForwardBatch batch;
    private final Sequence[] starts;
    private final Sequence[] leavers;
    private int numLeavers;
    private int numStarts;

    Step(ModelLimits limits) {
        batch = new ForwardBatch(limits);
        starts = new Sequence[limits.maxNumSeqs()];
        leavers = new Sequence[limits.numConvSlots()];
    }

    public ForwardBatch batch() {
        return batch;
    }

    /** Whether there is anything to run, or to tell the runner: block updates and starts are told once. */
    public boolean isEmpty() {
        return batch.isEmpty() && batch.numBlockUpdates() == 0 && numStarts == 0;
    }

    /** Binds the slots of new sequences and starts the step. */
    public void launch(ModelRunner runner) {
        for (int i = 0; i < numStarts; i++) {
            Sequence sequence = starts[i];
            int[] ids = sequence.tokenIds;
            runner.startSequence(sequence.convSlot, sequence.params, ids, sequence.request.promptLength(),
                    sequence.numToPrefill);
            starts[i] = null;
        }
        numStarts = 0;
        runner.launch(batch);
    }

    void clear() {
        batch.clear();
        forgetLeavers();
        numStarts = 0;
    }

    void start(Sequence sequence) {
        starts[numStarts++] = sequence;
    }

    /** A sequence gives its conv slot back: rows of this step that are the slot's are still its own. */
    void left(Sequence sequence) {
        int slot = sequence.convSlot;
        if (leavers[slot] == null && batch.hasConvSlot(slot)) {
            leavers[slot] = sequence;
            numLeavers++;
        }
    }

    /** Who had a conv slot in this step and has left it, or null. */
    Sequence leaver(int convSlot) {
        return leavers[convSlot];
    }

    void forgetLeavers() {
        if (numLeavers > 0) {
            Arrays.fill(leavers, null);
            numLeavers = 0;
        }
    }
}
