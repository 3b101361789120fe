package io.penstock.runtime.cuda;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuBackend;
import io.penstock.runtime.testing.OperationBackend;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddRmsNormTest {
    abstract static class Cases implements OperationBackend.Factory {
        private static final ModelLimits LIMITS = Samples.limits(1, 1);

        @ParameterizedTest
        @CsvSource({"1, 8", "3, 72", "5, 264", "13, 1024", "70, 1544", "65, 2040", "7, 2048"})
        void rows(int numRows, int columns) {
            Samples samples = new Samples(columns);
            float[] residual = samples.normal(numRows * columns, 3);
            float[] update = samples.normal(numRows * columns, 0.3);
            float[] weight = samples.normal(columns, 1);
            ModelConfig config = Samples.config(columns);
            float[] sum = new float[residual.length];
            for (int i = 0; i < sum.length; i++) {
                sum[i] = CpuBackend.bf16(residual[i] + update[i]);
            }
            RmsNormTest.Reference reference = RmsNormTest.Reference.of(sum, weight);
            try (OperationBackend backend = open(config, LIMITS); CpuBackend twin = new CpuBackend(config, LIMITS)) {
                float[][] actual = backend.addRmsNorm(residual, update, weight);
                Closeness.assertSame("residual", columns, sum, actual[0]);
                Closeness.assertClose("add_rms_norm", columns, reference.expected(), reference.bounds(), actual[1]);
                Closeness.assertTwin(
                        "add_rms_norm", columns, twin.addRmsNorm(residual, update, weight)[1], actual[1]);
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
