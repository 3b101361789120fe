package io.penstock.runtime.cuda;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.testing.OperationBackend;
import java.util.Arrays;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearTest {
    /** Products in float64, and the sums of their absolute values. */
    record Reference(double[] expected, double[] absolutes) {
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
            for (int i = 0; i < k; i++) {
                double product = (double) x[xFrom + i] * weight[weightFrom + i];
                expected[at] += product;
                absolutes[at] += Math.abs(product);
            }
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

    abstract static class Cases implements OperationBackend.Factory {
        private static final ModelLimits LIMITS = Samples.limits(1, 1);
        private static final ModelConfig CONFIG = Samples.config(8);

        @ParameterizedTest
        @CsvSource({
            "1, 8, 8", "3, 24, 40", "16, 64, 64", "17, 72, 136", "33, 200, 264", "64, 128, 192", "70, 136, 72",
            "129, 264, 200", "5, 1000, 328", "257, 136, 64", "1000, 1752, 72"
        })
        void products(int numRows, int columns, int k) {
            Samples samples = new Samples(numRows);
            float[] x = samples.normal(numRows * k, 1);
            float[] weight = samples.normal(columns * k, 1 / Math.sqrt(k));
            Reference reference = Reference.of(x, weight, k);
            try (OperationBackend backend = open(CONFIG, LIMITS)) {
                Closeness.assertClose("linear", columns, reference.expected, reference.bounds(k, Closeness.BF16),
                        backend.linear(x, weight, k));
                Closeness.assertClose("linear in float32", columns, reference.expected,
                        reference.bounds(k, Closeness.F32), backend.logits(x, weight, k));
            }
        }

        @ParameterizedTest
        @CsvSource({"1, 8, 8", "17, 40, 136", "70, 72, 72", "129, 136, 200", "33, 96, 264", "1000, 880, 40"})
        void siluAndMulOfProducts(int numRows, int width, int k) {
            Samples samples = new Samples(numRows);
            float[] x = samples.normal(numRows * k, 1);
            float[] gate = samples.normal(width * k, 2 / Math.sqrt(k));
            float[] up = samples.normal(width * k, 1 / Math.sqrt(k));
            Reference gates = Reference.of(x, gate, k);
            Reference ups = Reference.of(x, up, k);
            double[] expected = new double[numRows * width];
            double[] bounds = new double[expected.length];
            for (int i = 0; i < expected.length; i++) {
                double silu = SiluAndMulTest.silu(gates.expected[i]);
                expected[i] = silu * ups.expected[i];
                bounds[i] = Math.abs(expected[i]) * (Closeness.BF16 + 1e-5)
                        + 1.2 * gates.error(i, k) * Math.abs(ups.expected[i])
                        + (Math.abs(silu) + gates.error(i, k)) * ups.error(i, k);
            }
            try (OperationBackend backend = open(CONFIG, LIMITS)) {
                float[] actual = backend.linearSiluAndMul(x, gate, up, k);
                Closeness.assertClose("linear_silu_and_mul", width, expected, bounds, actual);
            }
        }

        @ParameterizedTest
        @CsvSource({"200, 136, 264", "1000, 1752, 72"})
        void aRowHasTheSameBitsInAnyBatch(int numRows, int columns, int k) {
            Samples samples = new Samples(k);
            float[] x = samples.normal(numRows * k, 1);
            float[] weight = samples.normal(columns * k, 1 / Math.sqrt(k));
            // On the emulator's 108 multiprocessors these are all variants, and the large one for the larger case.
            try (OperationBackend backend = open(CONFIG, LIMITS)) {
                float[] all = backend.linear(x, weight, k);
                float[] logits = backend.logits(x, weight, k);
                for (int[] range : new int[][] {{0, 1}, {3, 19}, {numRows - 70, numRows}, {numRows / 2, numRows}}) {
                    float[] part = Arrays.copyOfRange(x, range[0] * k, range[1] * k);
                    String what = "rows " + range[0] + " to " + range[1] + " alone";
                    Closeness.assertSame(what, columns,
                            Arrays.copyOfRange(all, range[0] * columns, range[1] * columns),
                            backend.linear(part, weight, k));
                    Closeness.assertSame(what + ", float32", columns,
                            Arrays.copyOfRange(logits, range[0] * columns, range[1] * columns),
                            backend.logits(part, weight, k));
                }
            }
        }
    }

    @Nested
    class Cpu extends Cases implements Backends.OnCpu {}

    @Nested
    class Emulator extends Cases implements Backends.OnEmulator {}

    @Nested
    @Tag("gpu")
    class Cuda extends Cases implements Backends.OnCuda {}
}
