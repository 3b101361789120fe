package io.penstock.runtime.check;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.ArrayList;
import java.util.List;

/** The norm of rows, alone and behind the residual stream's addition. */
final class NormCases {
    private static final ModelLimits LIMITS = Samples.limits(1, 1);
    private static final int[][] SIZES =
            {{1, 8}, {3, 72}, {5, 264}, {13, 1024}, {70, 1544}, {65, 2040}, {7, 2048}};

    private NormCases() {}

    static List<OperationCase> rmsNorm() {
        List<OperationCase> all = new ArrayList<>();
        for (int i = 0; i < SIZES.length; i++) {
            int[] size = SIZES[i];
            boolean inPlace = i % 2 == 1;
            all.add(OperationCase.small("rms_norm", size[0] + " x " + size[1] + (inPlace ? ", in place" : ""),
                    trial -> checkRmsNorm(trial, size[0], size[1], inPlace)));
        }
        all.add(OperationCase.large("rms_norm", "1027 x 2048", trial -> checkRmsNorm(trial, 1027, 2048, false)));
        return all;
    }

    static List<OperationCase> addRmsNorm() {
        List<OperationCase> all = new ArrayList<>();
        for (int[] size : SIZES) {
            all.add(OperationCase.small("add_rms_norm", size[0] + " x " + size[1],
                    trial -> checkAddRmsNorm(trial, size[0], size[1])));
        }
        all.add(OperationCase.large("add_rms_norm", "1027 x 2048", trial -> checkAddRmsNorm(trial, 1027, 2048)));
        return all;
    }

    static List<OperationCase> combineAddRmsNorm() {
        List<OperationCase> all = new ArrayList<>();
        for (int i = 0; i < SIZES.length; i++) {
            int[] size = SIZES[i];
            int expertsPerToken = 1 + 3 * i % 8;
            all.add(OperationCase.small("combine_add_rms_norm", size[0] + " x " + expertsPerToken + " x " + size[1],
                    trial -> checkCombineAddRmsNorm(trial, size[0], size[1], expertsPerToken)));
        }
        all.add(OperationCase.large("combine_add_rms_norm", "1027 x 4 x 2048",
                trial -> checkCombineAddRmsNorm(trial, 1027, 2048, 4)));
        return all;
    }

    /** The norm of rows in float64, and what two roundings may add. */
    private record Reference(double[] expected, double[] bounds) {
        static Reference of(float[] x, float[] weight) {
            int columns = weight.length;
            double[] expected = new double[x.length];
            double[] bounds = new double[x.length];
            for (int from = 0; from < x.length; from += columns) {
                double squares = 0;
                for (int i = 0; i < columns; i++) {
                    squares += (double) x[from + i] * x[from + i];
                }
                double scale = 1 / Math.sqrt(squares / columns + Samples.EPS);
                for (int i = 0; i < columns; i++) {
                    expected[from + i] = x[from + i] * scale * weight[i];
                    bounds[from + i] = Math.abs(expected[from + i])
                            * (2 * Closeness.BF16 + 2e-5 + columns * Closeness.F32);
                }
            }
            return new Reference(expected, bounds);
        }
    }

    private static void checkRmsNorm(Trial trial, int numRows, int columns, boolean inPlace) {
        float[] x = trial.samples().normal(numRows * columns, 3);
        float[] weight = trial.samples().normal(columns, 1);
        ModelConfig config = Samples.config(columns);
        Reference reference = Reference.of(x, weight);
        try (OperationBackend backend = trial.open(config, LIMITS);
                OperationBackend twin = trial.twin(config, LIMITS)) {
            float[] actual = backend.rmsNorm(x, weight, inPlace);
            trial.closeness().requireClose("rms_norm", columns, reference.expected, reference.bounds, actual);
            trial.closeness().requireTwin("rms_norm", columns, twin.rmsNorm(x, weight, false), actual);
        }
    }

    private static void checkAddRmsNorm(Trial trial, int numRows, int columns) {
        float[] residual = trial.samples().normal(numRows * columns, 3);
        float[] update = trial.samples().normal(numRows * columns, 0.3);
        float[] weight = trial.samples().normal(columns, 1);
        ModelConfig config = Samples.config(columns);
        float[] sum = AddCases.sums(residual, update);
        Reference reference = Reference.of(sum, weight);
        try (OperationBackend backend = trial.open(config, LIMITS);
                OperationBackend twin = trial.twin(config, LIMITS)) {
            float[][] actual = backend.addRmsNorm(residual, update, weight);
            trial.closeness().requireSame("residual", columns, sum, actual[0]);
            trial.closeness().requireClose("add_rms_norm", columns, reference.expected, reference.bounds, actual[1]);
            trial.closeness().requireTwin(
                    "add_rms_norm", columns, twin.addRmsNorm(residual, update, weight)[1], actual[1]);
        }
    }

    /** The sum over a token's slots is in their order and rounded once, so the residual has no tolerance. */
    private static void checkCombineAddRmsNorm(Trial trial, int numRows, int columns, int expertsPerToken) {
        float[] residual = trial.samples().normal(numRows * columns, 3);
        float[] expertOut = trial.samples().normal(numRows * expertsPerToken * columns, 0.3);
        float[] weight = trial.samples().normal(columns, 1);
        ModelConfig config = Samples.config(columns, new RouterRule(8, expertsPerToken, true, 1));
        ModelLimits limits = Samples.limits(1, numRows);
        float[] update = new float[residual.length];
        for (int i = 0; i < update.length; i++) {
            int first = i / columns * expertsPerToken * columns + i % columns;
            float sum = expertOut[first];
            for (int slot = 1; slot < expertsPerToken; slot++) {
                sum += expertOut[first + slot * columns];
            }
            update[i] = Samples.bf16(sum);
        }
        float[] sum = AddCases.sums(residual, update);
        Reference reference = Reference.of(sum, weight);
        try (OperationBackend backend = trial.open(config, limits);
                OperationBackend twin = trial.twin(config, limits)) {
            float[][] actual = backend.combineAddRmsNorm(residual, expertOut, expertsPerToken, weight);
            trial.closeness().requireSame("residual", columns, sum, actual[0]);
            trial.closeness().requireClose(
                    "combine_add_rms_norm", columns, reference.expected, reference.bounds, actual[1]);
            trial.closeness().requireTwin("combine_add_rms_norm", columns,
                    twin.combineAddRmsNorm(residual, expertOut, expertsPerToken, weight)[1], actual[1]);
            trial.closeness().requireSame("norm as add_rms_norm has it", columns,
                    backend.addRmsNorm(residual, update, weight)[1], actual[1]);
        }
    }
}
