package io.penstock.runtime.check;

import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.check.OperationBackend.Routed;
import io.penstock.runtime.check.OperationBackend.Router;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A projection, and its rows added, normalised and routed: the bits of the operations that these are, in any batch. */
final class LinearAddRmsNormCases {
    private static final String NAME = "linear_add_rms_norm";

    /** Rows, columns, k, and experts of whom a token has some, or none. */
    private static final int[][] SIZES = {{1, 72, 40, 8, 4}, {17, 136, 72, 0, 0}, {61, 328, 136, 32, 4},
        {130, 64, 200, 64, 8}, {257, 136, 64, 0, 0}, {1000, 1752, 72, 16, 3}};

    private LinearAddRmsNormCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int[] size : SIZES) {
            all.add(OperationCase.small(NAME, sizes(size), trial -> check(trial, size)));
        }
        for (int[] size : new int[][] {{1, 2048, 2048, 32, 4}, {64, 2048, 7168, 0, 0}, {2055, 2048, 2048, 32, 4}}) {
            all.add(OperationCase.large(NAME, sizes(size), trial -> check(trial, size)));
        }
        return all;
    }

    private static String sizes(int[] size) {
        return size[0] + " x " + size[1] + " x " + size[2] + (size[3] == 0 ? "" : ", " + size[4] + " of " + size[3]);
    }

    private static void check(Trial trial, int[] size) {
        int rows = size[0];
        int columns = size[1];
        Samples samples = trial.samples();
        float[] residual = samples.normal(rows * columns, 3);
        float[] x = samples.normal(rows * size[2], 1);
        float[] weight = samples.normal(columns * size[2], 1 / Math.sqrt(size[2]));
        float[] norm = samples.normal(columns, 1);
        boolean isRouted = size[3] > 0;
        // Without a router the rule is nobody's.
        RouterRule rule = new RouterRule(isRouted ? size[3] : 8, isRouted ? size[4] : 1, true, 1.5);
        try (OperationBackend backend = trial.open(
                Samples.config(columns, rule), Samples.limits(1, Math.max(8, rows)))) {
            float[] update = backend.linear(x, weight, size[2]);
            if (isRouted) {
                Router router = new Router(samples.normal(size[3] * columns, 2 / Math.sqrt(columns)),
                        rows % 2 == 0 ? null : samples.normalFloat32(size[3], 0.2), rule);
                Routed apart = backend.addRmsNormRouteTopK(residual, update, norm, router);
                requireSame(trial.closeness(), apart,
                        backend.linearAddRmsNormRouteTopK(residual, x, weight, norm, router), "all", columns);
                int last = rows - 1;
                requireSame(trial.closeness(), row(apart, last, columns),
                        backend.linearAddRmsNormRouteTopK(Arrays.copyOfRange(residual, last * columns, rows * columns),
                                Arrays.copyOfRange(x, last * size[2], rows * size[2]), weight, norm, router),
                        "the last row alone", columns);
            } else {
                float[][] apart = backend.addRmsNorm(residual, update, norm);
                float[][] actual = backend.linearAddRmsNorm(residual, x, weight, norm);
                trial.closeness().requireSame("residual", columns, apart[0], actual[0]);
                trial.closeness().requireSame("norm", columns, apart[1], actual[1]);
                trial.closeness().requireSame("product", columns, update, actual[2]);
            }
        }
    }

    /** A row as if it had been routed alone. */
    private static Routed row(Routed all, int row, int columns) {
        int k = all.choice().expertsPerToken();
        int[] ids = Arrays.copyOfRange(all.choice().expertIds(), row * k, (row + 1) * k);
        int[] sorted = new int[k];
        int[] offsets = new int[all.offsets().length];
        int at = 0;
        for (int e = 0; e < offsets.length - 1; e++) {
            for (int slot = 0; slot < k; slot++) {
                if (ids[slot] == e) {
                    sorted[at++] = slot;
                }
            }
            offsets[e + 1] = at;
        }
        return new Routed(Arrays.copyOfRange(all.residual(), row * columns, (row + 1) * columns),
                Arrays.copyOfRange(all.out(), row * columns, (row + 1) * columns),
                new Choice(all.choice().numExperts(), k, ids,
                        Arrays.copyOfRange(all.choice().weights(), row * k, (row + 1) * k)),
                sorted, offsets);
    }

    private static void requireSame(Closeness closeness, Routed expected, Routed actual, String what, int columns) {
        closeness.requireSame("residual of " + what, columns, expected.residual(), actual.residual());
        closeness.requireSame("norm of " + what, columns, expected.out(), actual.out());
        closeness.requireSame("routing weights of " + what, expected.choice().expertsPerToken(),
                expected.choice().weights(), actual.choice().weights());
        requireSame("experts of " + what, expected.choice().expertIds(), actual.choice().expertIds());
        requireSame("pairs by expert of " + what, expected.sortedPairs(), actual.sortedPairs());
        requireSame("where experts begin, of " + what, expected.offsets(), actual.offsets());
    }

    private static void requireSame(String what, int[] expected, int[] actual) {
        int at = Arrays.mismatch(expected, actual);
        if (at >= 0) {
            throw new MismatchException(what + " at " + at + ": expected " + expected[at] + ", was " + actual[at]);
        }
    }
}
