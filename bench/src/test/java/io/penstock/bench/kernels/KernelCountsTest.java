package io.penstock.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the shipped kernels do at the 8B model's shapes, counted: close to what they must do. */
class KernelCountsTest {
    private static final KernelShape SHAPE = KernelShape.of("lfm2.5-8b-a1b");
    private static final double MAX_RATIO = 1.05;
    private static final double MAX_CONFLICTS = 0.05;

    /** Every benchmark, but matrix products at one size: what is counted of them does not depend on it. */
    static List<Arguments> benchmarks() {
        List<Arguments> all = new ArrayList<>();
        for (String name : KernelSuite.all().keySet()) {
            all.add(Arguments.of(name, 64));
            if (!name.startsWith("linear")) {
                all.add(Arguments.of(name, 129));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("benchmarks")
    void bytesSectorsAndConflicts(String name, int numTokens) {
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(numTokens));
        Stream stream = device.createStream("counts");
        try (device;
                BenchmarkMemory memory = new BenchmarkMemory(device, stream, numTokens, false);
                KernelBenchmark benchmark = KernelSuite.all().get(name).apply(memory, SHAPE)) {
            device.clearCounters();
            Map<String, Double> metrics =
                    new KernelCounting(stream, () -> device.counters().values()).measure(benchmark);
            String what = benchmark.name() + ": " + metrics;
            assertEquals(List.of(), device.faults(), what);
            assertTrue(metrics.get("conflictsToAccesses") <= MAX_CONFLICTS, what);
            if (benchmark.flops() == 0) {
                assertTrue(metrics.get("bytesToFloor") <= MAX_RATIO, what);
                assertTrue(metrics.get("sectorsToFloor") <= MAX_RATIO, what);
            }
        }
    }
}
