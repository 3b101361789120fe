package io.penstock.runtime.check;

import io.penstock.runtime.check.GroupedLinearCases.Routing;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.Arrays;
import java.util.List;

/** Experts' second product, its sum and the norm behind it: the bits of the two operations, in any batch. */
final class GroupedLinearAddRmsNormCases {
    private static final String NAME = "grouped_linear_add_rms_norm";

    /** Tokens, experts, experts of a token, k, hidden. */
    private static final int[][] SIZES = {{1, 8, 4, 40, 72}, {37, 16, 4, 72, 200}, {83, 8, 8, 40, 136},
        {301, 8, 4, 136, 72}, {700, 8, 2, 72, 264}};

    private GroupedLinearAddRmsNormCases() {}

    static List<OperationCase> all() {
        int[] model = {515, 32, 4, 1792, 2048};
        return GroupedLinearCases.of(NAME, SIZES, model, GroupedLinearAddRmsNormCases::check);
    }

    private static void check(Trial trial, int[] size, Routing routing) {
        int perToken = size[2];
        int k = size[3];
        int hidden = size[4];
        Samples samples = trial.samples();
        Closeness closeness = trial.closeness();
        Choice choice = GroupedLinearCases.choice(samples, size, routing);
        float[] residual = samples.normal(size[0] * hidden, 1);
        float[] x = samples.normal(size[0] * perToken * k, 1);
        float[] weight = samples.normal(hidden, 1);
        float[][] downs = GroupedLinearCases.experts(samples, size[1], hidden * k, 1 / Math.sqrt(k));
        ModelConfig config =
                Samples.withExperts(Samples.config(64, hidden, 1, 1), new RouterRule(size[1], perToken, true, 1));
        try (OperationBackend backend = trial.open(config, Samples.limits(1, size[0]))) {
            float[] outer = backend.groupedLinear(x, downs, k, choice);
            float[][] apart = backend.combineAddRmsNorm(residual, outer, perToken, weight);
            float[][] actual = backend.groupedLinearAddRmsNorm(residual, x, downs, choice, weight);
            closeness.requireSame("outer", hidden, outer, actual[2]);
            closeness.requireSame("residual", hidden, apart[0], actual[0]);
            closeness.requireSame("norm", hidden, apart[1], actual[1]);
            int last = size[0] - 1;
            float[][] row = backend.groupedLinearAddRmsNorm(
                    Arrays.copyOfRange(residual, last * hidden, size[0] * hidden),
                    Arrays.copyOfRange(x, last * perToken * k, size[0] * perToken * k), downs, choice.last(), weight);
            closeness.requireSame("the last token alone", hidden,
                    Arrays.copyOfRange(actual[1], last * hidden, size[0] * hidden), row[1]);
        }
    }
}
