package io.penstock.runtime.check;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Projections in their three forms: bfloat16, float32, and SwiGLU behind them; and a row's bits in any batch. */
final class LinearCases {
    private static final String NAME = "linear";
    private static final ModelLimits LIMITS = Samples.limits(1, 1);
    private static final ModelConfig CONFIG = Samples.config(8);
    private static final int[][] PRODUCTS = {
        {1, 8, 8}, {3, 24, 40}, {16, 64, 64}, {17, 72, 136}, {33, 200, 264}, {64, 128, 192}, {70, 136, 72},
        {129, 264, 200}, {5, 1000, 328}, {257, 136, 64}, {1000, 1752, 72}
    };
    private static final int[][] GATES =
            {{1, 8, 8}, {17, 40, 136}, {70, 72, 72}, {129, 136, 200}, {33, 96, 264}, {1000, 880, 40}};
    /** On 108 multiprocessors these are all variants, and the large one for the larger case. */
    private static final int[][] BATCHES = {{200, 136, 264}, {1000, 1752, 72}};
    private static final int[][] MODELS = {{1, 3072, 2048}, {37, 2048, 2048}, {259, 1032, 2048}};

    private LinearCases() {}

    static List<OperationCase> all() {
        List<OperationCase> all = new ArrayList<>();
        for (int[] size : PRODUCTS) {
            all.add(OperationCase.small(NAME, sizes(size), trial -> products(trial, size[0], size[1], size[2])));
        }
        for (int[] size : GATES) {
            all.add(OperationCase.small(NAME, "silu_and_mul of " + sizes(size),
                    trial -> siluAndMulOfProducts(trial, size[0], size[1], size[2])));
        }
        for (int[] size : BATCHES) {
            all.add(OperationCase.small(NAME, "the same bits in any batch, " + sizes(size),
                    trial -> sameBitsInAnyBatch(trial, size[0], size[1], size[2])));
        }
        for (int[] size : MODELS) {
            all.add(OperationCase.large(NAME, sizes(size), trial -> products(trial, size[0], size[1], size[2])));
        }
        all.add(OperationCase.large(NAME, "silu_and_mul of 35 x 7168 x 2048",
                trial -> siluAndMulOfProducts(trial, 35, 7168, 2048)));
        return all;
    }

    private static String sizes(int[] size) {
        return size[0] + " x " + size[1] + " x " + size[2];
    }

    /** Products in float64, and the sums of their absolute values. */
    private record Reference(double[] expected, double[] absolutes) {
        static Reference of(float[] x, float[] weight, int k) {
            int rows = x.length / k;
            int columns = weight.length / k;
            Reference reference = new Reference(new double[rows * columns], new double[rows * columns]);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    reference.dot(x, r * k, weight, c * k, k, r * columns + c);
                }
            }
            return reference;
        }

        private void dot(float[] x, int xFrom, float[] weight, int weightFrom, int k, int at) {
            double sum = 0;
            double absolute = 0;
            for (int i = 0; i < k; i++) {
                double product = (double) x[xFrom + i] * weight[weightFrom + i];
                sum += product;
                absolute += Math.abs(product);
            }
            expected[at] = sum;
            absolutes[at] = absolute;
        }

        double error(int at, int k) {
            return Closeness.sumError(k, absolutes[at]);
        }

        double[] bounds(int k, double rounding) {
            double[] bounds = new double[expected.length];
            for (int i = 0; i < bounds.length; i++) {
                bounds[i] = rounding * Math.abs(expected[i]) + (1 + rounding) * error(i, k);
            }
            return bounds;
        }
    }

    private static void products(Trial trial, int numRows, int columns, int k) {
        Closeness closeness = trial.closeness();
        float[] x = trial.samples().normal(numRows * k, 1);
        float[] weight = trial.samples().normal(columns * k, 1 / Math.sqrt(k));
        Reference reference = Reference.of(x, weight, k);
        try (OperationBackend backend = trial.open(CONFIG, LIMITS);
                OperationBackend twin = trial.twin(CONFIG, LIMITS)) {
            float[] actual = backend.linear(x, weight, k);
            closeness.requireClose(
                    NAME, columns, reference.expected, reference.bounds(k, Closeness.BF16), actual);
            closeness.requireTwin(NAME, columns, twin.linear(x, weight, k), actual);
            closeness.requireClose("linear in float32", columns, reference.expected,
                    reference.bounds(k, Closeness.F32), backend.logits(x, weight, k));
        }
    }

    private static void siluAndMulOfProducts(Trial trial, int numRows, int width, int k) {
        float[] x = trial.samples().normal(numRows * k, 1);
        float[] gate = trial.samples().normal(width * k, 2 / Math.sqrt(k));
        float[] up = trial.samples().normal(width * k, 1 / Math.sqrt(k));
        Reference gates = Reference.of(x, gate, k);
        Reference ups = Reference.of(x, up, k);
        double[] expected = new double[numRows * width];
        double[] bounds = new double[expected.length];
        for (int i = 0; i < expected.length; i++) {
            double silu = SiluAndMulCases.silu(gates.expected[i]);
            expected[i] = silu * ups.expected[i];
            bounds[i] = Math.abs(expected[i]) * (Closeness.BF16 + 1e-5)
                    + 1.2 * gates.error(i, k) * Math.abs(ups.expected[i])
                    + (Math.abs(silu) + gates.error(i, k)) * ups.error(i, k);
        }
        try (OperationBackend backend = trial.open(CONFIG, LIMITS);
                OperationBackend twin = trial.twin(CONFIG, LIMITS)) {
            float[] actual = backend.linearSiluAndMul(x, gate, up, k);
            trial.closeness().requireClose("linear_silu_and_mul", width, expected, bounds, actual);
            trial.closeness().requireTwin("linear_silu_and_mul", width, twin.linearSiluAndMul(x, gate, up, k), actual);
        }
    }

    private static void sameBitsInAnyBatch(Trial trial, int numRows, int columns, int k) {
        float[] x = trial.samples().normal(numRows * k, 1);
        float[] weight = trial.samples().normal(columns * k, 1 / Math.sqrt(k));
        try (OperationBackend backend = trial.open(CONFIG, LIMITS)) {
            float[] all = backend.linear(x, weight, k);
            float[] logits = backend.logits(x, weight, k);
            for (int[] range : new int[][] {{0, 1}, {3, 19}, {numRows - 70, numRows}, {numRows / 2, numRows}}) {
                float[] part = Arrays.copyOfRange(x, range[0] * k, range[1] * k);
                String what = "rows " + range[0] + " to " + range[1] + " alone";
                trial.closeness().requireSame(what, columns,
                        Arrays.copyOfRange(all, range[0] * columns, range[1] * columns),
                        backend.linear(part, weight, k));
                trial.closeness().requireSame(what + ", float32", columns,
                        Arrays.copyOfRange(logits, range[0] * columns, range[1] * columns),
                        backend.logits(part, weight, k));
            }
        }
    }
}
