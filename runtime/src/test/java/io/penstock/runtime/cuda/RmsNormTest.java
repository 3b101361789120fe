package io.penstock.runtime.cuda;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuBackend;
import io.penstock.runtime.testing.OperationBackend;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RmsNormTest {
    /** The norm of rows in float64, and what two roundings may add. */
    record Reference(double[] expected, double[] bounds) {
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

    abstract static class Cases implements OperationBackend.Factory {
        private static final ModelLimits LIMITS = Samples.limits(1, 1);

        @ParameterizedTest
        @CsvSource({
            "1, 8, false", "3, 72, true", "5, 264, false", "13, 1024, true", "70, 1544, false", "65, 2040, true",
            "7, 2048, false"
        })
        void rows(int numRows, int columns, boolean inPlace) {
            Samples samples = new Samples(columns);
            float[] x = samples.normal(numRows * columns, 3);
            float[] weight = samples.normal(columns, 1);
            ModelConfig config = Samples.config(columns);
            Reference reference = Reference.of(x, weight);
            try (OperationBackend backend = open(config, LIMITS); CpuBackend twin = new CpuBackend(config, LIMITS)) {
                float[] actual = backend.rmsNorm(x, weight, inPlace);
                Closeness.assertClose("rms_norm", columns, reference.expected, reference.bounds, actual);
                Closeness.assertTwin("rms_norm", columns, twin.rmsNorm(x, weight, false), actual);
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
