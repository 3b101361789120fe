package io.penstock.bench.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class EmulatorBenchmarkTest {
    @Test
    void everyLaunchDoesTheSameWork() {
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.failing().on(90));
        Supplier<Map<String, Long>> lastLaunch = () -> {
            Map<String, Long> counters = device.counters().values();
            device.clearCounters();
            return counters;
        };
        try (device;
                EmulatorBenchmark mix = EmulatorBenchmark.mix(device, lastLaunch);
                EmulatorBenchmark products = EmulatorBenchmark.products(device, lastLaunch);
                EmulatorBenchmark groups = EmulatorBenchmark.warpgroupProducts(device, lastLaunch)) {
            double instructions = mix.run().work();
            assertTrue(instructions > 32 * 256 * 64 * 10.0, () -> instructions + " thread instructions");
            assertEquals(instructions, mix.run().work());
            // 4 warps, 4,096 rounds, two products of 16 x 8 x 16.
            assertEquals(4 * 4096.0 * 2 * (2 * 16 * 8 * 16), products.run().work());
            // 64 rounds, four products of 64 x 256 x 16.
            assertEquals(64 * 4.0 * (2 * 64 * 256 * 16), groups.run().work());
        }
    }
}
