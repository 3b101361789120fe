package io.penstock.bench.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class EmulatorBenchmarkTest {
    @Test
    void everyLaunchDoesTheSameWork() {
        try (EmulatorBenchmark mix = EmulatorBenchmark.mix(); EmulatorBenchmark products =
                EmulatorBenchmark.products()) {
            double instructions = mix.run().work();
            assertTrue(instructions > 32 * 256 * 64 * 10.0, () -> instructions + " thread instructions");
            assertEquals(instructions, mix.run().work());
            // 4 warps, 4,096 rounds, two products of 16 x 8 x 16.
            assertEquals(4 * 4096.0 * 2 * (2 * 16 * 8 * 16), products.run().work());
        }
    }
}
