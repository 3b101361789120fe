package io.penstock.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a token costs of a vocabulary of real size, counted: little more than reading its logits once. */
class SamplingCountsTest {
    static final Set<String> OPERATIONS = Set.of("sample", "logprobs");

    private static final KernelShape SHAPE = KernelShape.of("lfm2.5-8b-a1b");
    private static final int NUM_ROWS = 3;

    /** What the scan leaves for the choice, and what is read again: groups of tokens, or all of them twice. */
    private static double maxRatio(String name) {
        return switch (name) {
            case "sample greedy" -> 1.05;
            case "sample temperature", "logprobs" -> 1.12;
            case "sample top_k_80", "sample top_p_90" -> 1.32;
            case "sample wide_top_p_90" -> 3.3;
            default -> throw new IllegalArgumentException(name);
        };
    }

    static List<KernelSuite.Entry> benchmarks() {
        return KernelSuite.all().stream().filter(entry -> OPERATIONS.contains(entry.operation())).toList();
    }

    @ParameterizedTest
    @MethodSource("benchmarks")
    void bytesSectorsAndConflicts(KernelSuite.Entry entry) {
        EmulatorDevice device = new EmulatorDevice(EmulatorOptions.collecting(NUM_ROWS));
        Stream stream = device.createStream("counts");
        try (device;
                BenchmarkMemory memory = new BenchmarkMemory(device, stream, NUM_ROWS, false);
                KernelBenchmark benchmark = entry.open(memory, SHAPE)) {
            device.clearCounters();
            Map<String, Double> metrics =
                    new KernelCounting(stream, () -> device.counters().values()).measure(benchmark);
            String what = benchmark.name() + ": " + metrics;
            assertEquals(List.of(), device.faults(), what);
            for (String ratio : List.of("bytesToFloor", "sectorsToFloor", "trafficToFloor")) {
                assertTrue(metrics.get(ratio) <= maxRatio(entry.name()), what);
            }
        }
    }
}
