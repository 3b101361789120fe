package io.penstock.runtime.check;

import java.util.ArrayList;
import java.util.List;

/** Sums that are rounded once, bit by bit. */
final class AddCases {
    private static final String NAME = "add";

    private AddCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int[] size : new int[][] {{1, 8}, {3, 72}, {67, 264}, {2, 2048}, {1, 4096}, {1, 4104}}) {
            all.add(OperationCase.small(NAME, size[0] + " x " + size[1], trial -> check(trial, size[0], size[1])));
        }
        all.add(OperationCase.large(NAME, "1025 x 2048", trial -> check(trial, 1025, 2048)));
        return all;
    }

    /** The residual stream after the addition. */
    static float[] sums(float[] residual, float[] update) {
        float[] sums = new float[residual.length];
        for (int i = 0; i < sums.length; i++) {
            sums[i] = Samples.bf16(residual[i] + update[i]);
        }
        return sums;
    }

    private static void check(Trial trial, int numRows, int columns) {
        float[] residual = trial.samples().normal(numRows * columns, 3);
        float[] update = trial.samples().normal(numRows * columns, 0.3);
        try (OperationBackend backend = trial.open(Samples.config(8), Samples.limits(1, 1))) {
            float[] actual = backend.add(residual, update, columns);
            trial.closeness().requireSame(NAME, columns, sums(residual, update), actual);
        }
    }
}
