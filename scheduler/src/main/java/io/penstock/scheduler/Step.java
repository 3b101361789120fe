package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import java.util.Arrays;

/** One planned step: the batch, the sequences that take a conv slot with it, and whose each row of logits is. */
public final class Step {
    private final ForwardBatch batch;
    private final Sequence[] starts;
    private final Sequence[] rows;
    private final int[] rowWords;
    private int numStarts;

    Step(ModelLimits limits) {
        batch = new ForwardBatch(limits);
        starts = new Sequence[limits.maxNumSeqs()];
        rows = new Sequence[limits.maxNumLogits()];
        rowWords = new int[limits.maxNumLogits()];
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
        numStarts = 0;
    }

    void start(Sequence sequence) {
        starts[numStarts++] = sequence;
    }

    /** The batch's newest row of logits is this sequence's. */
    void ownsLastRow(Sequence sequence, int words) {
        int row = batch.numLogits() - 1;
        rows[row] = sequence;
        rowWords[row] = words;
    }

    Sequence row(int row) {
        return rows[row];
    }

    int rowWords(int row) {
        return rowWords[row];
    }

    void forgetRows() {
        Arrays.fill(rows, 0, batch.numLogits(), null);
    }
}
