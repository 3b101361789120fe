package io.penstock.runtime.cuda;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.testing.OperationBackend;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatherLastTest {
    abstract static class Cases implements OperationBackend.Factory {
        @ParameterizedTest
        @CsvSource({"1, 1, 8", "5, 3, 72", "67, 30, 264", "3, 2, 2048", "9, 9, 1544"})
        void rowsAreCopied(int numTokens, int numRows, int hidden) {
            Samples samples = new Samples(numTokens);
            ModelLimits limits = Samples.limits(2, 128);
            float[] x = samples.normal(numTokens * hidden, 1);
            ForwardBatch batch = Samples.prompt(limits, new int[numTokens]);
            float[] expected = new float[numRows * hidden];
            for (int r = 0; r < numRows; r++) {
                int token = samples.nextInt(numTokens);
                batch.computeLogits(0, token);
                System.arraycopy(x, token * hidden, expected, r * hidden, hidden);
            }
            try (OperationBackend backend = open(Samples.config(hidden), limits)) {
                Closeness.assertSame("gather_last", hidden, expected, backend.gatherLast(x, batch));
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
