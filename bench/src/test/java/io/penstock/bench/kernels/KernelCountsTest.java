package io.penstock.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the shipped kernels do at the 8B model's shapes, counted: close to what they must do. */
class KernelCountsTest {
    private static final KernelShape SHAPE = KernelShape.of("lfm2.5-8b-a1b");
    private static final double MAX_RATIO = 1.05;
    private static final double MAX_CONFLICTS = 0.05;

    static java.util.stream.Stream<Arguments> benchmarks() {
        return java.util.stream.Stream.of(64, 65, 129, 200).flatMap(numTokens -> IntStream.range(0, KernelSuite.all().size())
                .filter(i -> numTokens == 64 || !isLinear(i))
                .mapToObj(i -> Arguments.of(numTokens, i)));
    }

    private static boolean isLinear(int index) {
        return index == 4 || index == 5;
    }

    @ParameterizedTest
    @MethodSource("benchmarks")
    void bytesSectorsAndConflicts(int numTokens, int index) {
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(index));
        Stream stream = device.createStream("counts");
        try (device;
                BenchmarkMemory memory = new BenchmarkMemory(device, stream, numTokens, false);
                KernelBenchmark benchmark = KernelSuite.all().get(index).apply(memory, SHAPE)) {
            device.clearCounters();
            Map<String, Double> metrics =
                    new KernelCounting(stream, () -> device.counters().values()).measure(benchmark);
            String what = benchmark.name() + ": " + metrics;
            System.err.println(what);
            assertEquals(List.of(), device.faults(), what);
            assertTrue(metrics.get("conflictsToAccesses") <= MAX_CONFLICTS, what);
            if (benchmark.flops() == 0) {
                assertTrue(metrics.get("bytesToFloor") <= MAX_RATIO, what);
                assertTrue(metrics.get("sectorsToFloor") <= MAX_RATIO, what);
            }
        }
    }
}
