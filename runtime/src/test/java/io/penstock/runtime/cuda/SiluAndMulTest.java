package io.penstock.runtime.cuda;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuBackend;
import io.penstock.runtime.testing.OperationBackend;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SiluAndMulTest {
    static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    abstract static class Cases implements OperationBackend.Factory {
        private static final ModelLimits LIMITS = Samples.limits(1, 1);
        private static final ModelConfig CONFIG = Samples.config(8);

        @ParameterizedTest
        @CsvSource({
            "1, 8, false", "3, 72, true", "65, 136, false", "5, 1032, true", "2, 1792, false", "3, 520, true"
        })
        void products(int numRows, int width, boolean isFloat32) {
            Samples samples = new Samples(width);
            int length = numRows * 2 * width;
            float[] gateUp = isFloat32 ? samples.normalFloat32(length, 4) : samples.normal(length, 4);
            gateUp[0] = isFloat32 ? -87.1f : -87;
            gateUp[1] = -120;
            gateUp[2] = 95;
            double[] expected = new double[numRows * width];
            double[] bounds = new double[expected.length];
            for (int i = 0; i < expected.length; i++) {
                double gate = gateUp[i / width * 2 * width + i % width];
                expected[i] = silu(gate) * gateUp[i / width * 2 * width + width + i % width];
                bounds[i] = Math.abs(expected[i]) * (Closeness.BF16 + (8 + Math.abs(gate)) * 0x1p-23) + 1e-34;
            }
            try (OperationBackend backend = open(CONFIG, LIMITS); CpuBackend twin = new CpuBackend(CONFIG, LIMITS)) {
                float[] actual = isFloat32
                        ? backend.siluAndMul(gateUp, width) : backend.siluAndMulRounded(gateUp, width);
                Closeness.assertClose("silu_and_mul", width, expected, bounds, actual);
                // The twin's e^x ends at -87.3, so what is smaller than float32's normal range may differ.
                actual[0] = actual[1] = 0;
                float[] same = twin.siluAndMul(gateUp, width);
                same[0] = same[1] = 0;
                Closeness.assertTwin("silu_and_mul", width, same, actual);
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
