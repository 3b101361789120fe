package io.penstock.runtime.cuda;

import io.penstock.runtime.ForwardBatch;

/** What a step is to give in each row of logits, kept while the batch is filled for the next step. */
final class ResultRows {
    private static final int NOTHING = -1;
    private static final int SAMPLED = -2;

    private final int[] targets;
    private int numRows;

    ResultRows(int maxNumRows) {
        targets = new int[maxNumRows];
    }

    /** Takes over what a batch asks for. */
    ResultRows keep(ForwardBatch batch) {
        numRows = batch.numLogits();
        for (int row = 0; row < numRows; row++) {
            targets[row] = batch.isSampled(row) ? SAMPLED : batch.isScored(row) ? batch.scoreTarget(row) : NOTHING;
        }
        return this;
    }

    int numRows() {
        return numRows;
    }

    boolean isSampled(int row) {
        return targets[row] == SAMPLED;
    }

    boolean isScored(int row) {
        return targets[row] >= 0;
    }

    int scoreTarget(int row) {
        return targets[row];
    }
}
