package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.ArrayList;
import java.util.List;

/** Rows of a batch, bit by bit. */
final class GatherLastCases {
    private static final String NAME = "gather_last";

    private GatherLastCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int[] size : new int[][] {{1, 1, 8}, {5, 3, 72}, {67, 30, 264}, {3, 2, 2048}, {9, 9, 1544}}) {
            all.add(OperationCase.small(NAME, sizes(size), trial -> check(trial, size[0], size[1], size[2])));
        }
        all.add(OperationCase.large(NAME, "517 of 2049 x 2048", trial -> check(trial, 2049, 517, 2048)));
        return all;
    }

    private static String sizes(int[] size) {
        return size[1] + " of " + size[0] + " x " + size[2];
    }

    private static void check(Trial trial, int numTokens, int numRows, int hidden) {
        Samples samples = trial.samples();
        ModelLimits limits = Samples.limits(numRows, numTokens + 1);
        float[] x = samples.normal(numTokens * hidden, 1);
        ForwardBatch batch = Samples.prompt(limits, new int[numTokens]);
        float[] expected = new float[numRows * hidden];
        for (int r = 0; r < numRows; r++) {
            int token = samples.nextInt(numTokens);
            batch.computeLogits(0, token);
            System.arraycopy(x, token * hidden, expected, r * hidden, hidden);
        }
        try (OperationBackend backend = trial.open(Samples.config(hidden), limits)) {
            trial.closeness().requireSame(NAME, hidden, expected, backend.gatherLast(x, batch));
        }
    }
}
