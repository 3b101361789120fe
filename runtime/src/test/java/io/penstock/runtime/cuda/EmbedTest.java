package io.penstock.runtime.cuda;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.testing.OperationBackend;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbedTest {
    abstract static class Cases implements OperationBackend.Factory {
        @ParameterizedTest
        @CsvSource({"1, 8, 3", "5, 72, 11", "67, 264, 129", "3, 2048, 7", "2, 2040, 5"})
        void rowsAreCopied(int numTokens, int hidden, int vocab) {
            Samples samples = new Samples(numTokens);
            ModelLimits limits = Samples.limits(2, 128);
            float[] table = samples.normal(vocab * hidden, 1);
            int[] tokenIds = samples.ints(numTokens, vocab);
            float[] expected = new float[numTokens * hidden];
            for (int t = 0; t < numTokens; t++) {
                System.arraycopy(table, tokenIds[t] * hidden, expected, t * hidden, hidden);
            }
            try (OperationBackend backend = open(Samples.config(vocab, hidden, 1, 1), limits)) {
                float[] actual = backend.embed(table, Samples.prompt(limits, tokenIds));
                Closeness.assertSame("embed", hidden, expected, actual);
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
