package io.penstock.runtime.cuda;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.cpu.CpuBackend;
import io.penstock.runtime.testing.OperationBackend;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddTest {
    abstract static class Cases implements OperationBackend.Factory {
        private static final ModelLimits LIMITS = Samples.limits(1, 1);

        @ParameterizedTest
        @CsvSource({"1, 8", "3, 72", "67, 264", "2, 2048", "1, 4096", "1, 4104"})
        void sumsAreRoundedOnce(int numRows, int columns) {
            Samples samples = new Samples(columns);
            float[] residual = samples.normal(numRows * columns, 3);
            float[] update = samples.normal(numRows * columns, 0.3);
            float[] expected = new float[residual.length];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = CpuBackend.bf16(residual[i] + update[i]);
            }
            try (OperationBackend backend = open(Samples.config(8), LIMITS)) {
                Closeness.assertSame("add", columns, expected, backend.add(residual, update, columns));
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
