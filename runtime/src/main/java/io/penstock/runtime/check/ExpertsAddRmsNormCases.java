package io.penstock.runtime.check;

import io.penstock.runtime.check.GroupedLinearCases.Routing;
import io.penstock.runtime.check.OperationBackend.Choice;
import io.penstock.runtime.check.OperationBackend.Experts;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.Arrays;
import java.util.List;

/** Experts, their sum and the norm behind it: the bits of the three operations that these are, in any batch. */
final class ExpertsAddRmsNormCases {
    private static final String NAME = "experts_add_rms_norm";

    /** Tokens, experts, experts of a token, width, hidden. */
    private static final int[][] SIZES = {{1, 8, 4, 40, 72}, {5, 8, 1, 56, 128}, {17, 16, 4, 72, 200},
        {83, 8, 8, 40, 136}, {301, 8, 4, 136, 72}};

    private ExpertsAddRmsNormCases() {}

    static List<OperationCase> all() {
        return GroupedLinearCases.of(NAME, SIZES, new int[] {65, 32, 4, 1792, 2048}, ExpertsAddRmsNormCases::check);
    }

    private static ModelConfig config(int[] size) {
        return Samples.withExperts(Samples.config(64, size[4], 1, 1), new RouterRule(size[1], size[2], true, 1));
    }

    private static void check(Trial trial, int[] size, Routing routing) {
        int perToken = size[2];
        int width = size[3];
        int hidden = size[4];
        Samples samples = trial.samples();
        Closeness closeness = trial.closeness();
        Choice choice = GroupedLinearCases.choice(samples, size, routing);
        float[] residual = samples.normal(size[0] * hidden, 1);
        float[] x = samples.normal(size[0] * hidden, 1);
        float[] weight = samples.normal(hidden, 1);
        Experts experts = new Experts(
                GroupedLinearCases.experts(samples, size[1], width * hidden, 2 / Math.sqrt(hidden)),
                GroupedLinearCases.experts(samples, size[1], width * hidden, 1 / Math.sqrt(hidden)),
                GroupedLinearCases.experts(samples, size[1], hidden * width, 1 / Math.sqrt(width)));
        try (OperationBackend backend = trial.open(config(size), Samples.limits(1, size[0]))) {
            float[] inner = backend.groupedLinearSiluAndMul(x, experts.gates(), experts.ups(), hidden, choice);
            float[] outer = backend.groupedLinear(inner, experts.downs(), width, choice);
            float[][] apart = backend.combineAddRmsNorm(residual, outer, perToken, weight);
            float[][] actual = backend.expertsAddRmsNorm(residual, x, experts, choice, weight);
            closeness.requireSame("outer", hidden, outer, actual[2]);
            closeness.requireSame("residual", hidden, apart[0], actual[0]);
            closeness.requireSame("norm", hidden, apart[1], actual[1]);
            int last = size[0] - 1;
            float[][] row = backend.expertsAddRmsNorm(Arrays.copyOfRange(residual, last * hidden, size[0] * hidden),
                    Arrays.copyOfRange(x, last * hidden, size[0] * hidden), experts, choice.last(), weight);
            closeness.requireSame("the last token alone", hidden,
                    Arrays.copyOfRange(actual[1], last * hidden, size[0] * hidden), row[1]);
        }
    }
}
