package io.penstock.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the shipped kernels do at the 8B model's shapes, counted: close to what they must do. */
class KernelCountsTest {
    private static final KernelShape SHAPE = smallVocabulary(KernelShape.of("lfm2.5-8b-a1b"));
    private static final double MAX_RATIO = 1.05;
    private static final double MAX_CONFLICTS = 0.05;

    /** Of the projection to logits, a sixteenth of the columns tells the same. */
    private static KernelShape smallVocabulary(KernelShape shape) {
        return new KernelShape(shape.hidden(), shape.width(), shape.numHeads(), shape.numKvHeads(), shape.vocab() / 16,
                shape.experts());
    }

    /** Of products with experts, a quarter of the experts tells the same if a token then has a quarter as many. */
    private static KernelShape fewExperts(KernelShape shape) {
        KernelShape.Experts experts = shape.experts();
        return new KernelShape(shape.hidden(), shape.width(), shape.numHeads(), shape.numKvHeads(), shape.vocab(),
                new KernelShape.Experts(experts.num() / 4, experts.perToken() / 4, experts.width()));
    }

    /** Of attention, a quarter of the kv heads with their groups tells the same. */
    private static KernelShape fewKvHeads(KernelShape shape) {
        return new KernelShape(
                shape.hidden(), shape.width(), shape.numHeads() / 4, shape.numKvHeads() / 4, shape.vocab(),
                shape.experts());
    }

    private static KernelShape shape(KernelSuite.Entry entry) {
        return switch (entry.operation()) {
            case "attention" -> fewKvHeads(SHAPE);
            case "grouped_linear", "grouped_linear_add_rms_norm", "experts_add_rms_norm" -> fewExperts(SHAPE);
            default -> SHAPE;
        };
    }

    /** On other devices they are what their parts are. */
    private static final Set<String> FUSED = Set.of("sample_from_head", "experts_add_rms_norm",
            "qkv_norm_rope_store", "linear_add_rms_norm", "grouped_linear_add_rms_norm");

    /** Every benchmark, but matrix products at one size: what is counted of them does not depend on it. */
    static List<Arguments> benchmarks() {
        List<Arguments> all = new ArrayList<>();
        for (KernelSuite.Entry entry : KernelSuite.all()) {
            if (SamplingCountsTest.OPERATIONS.contains(entry.operation())
                    || FUSED.contains(entry.operation())) {
                continue;
            }
            all.add(Arguments.of(entry, 64));
            if (!entry.operation().endsWith("linear") && !entry.operation().equals("in_proj_short_conv")) {
                all.add(Arguments.of(entry, 129));
            }
        }
        return all;
    }

    /** On 9.0 logits that nobody needs are not written, and of those of a race hardly any are read. */
    static List<Arguments> tiledBenchmarks() {
        List<Arguments> all = new ArrayList<>();
        for (KernelSuite.Entry entry : KernelSuite.all()) {
            if (List.of("embed", "linear_add_rms_norm out_proj", "linear lm_head", "in_proj_short_conv",
                    "experts_add_rms_norm", "qkv_norm_rope_store", "sample_from_head greedy",
                    "sample_from_head temperature", "attention decode", "attention prefill").contains(entry.name())) {
                all.add(Arguments.of(entry, 64));
            }
            if (entry.name().equals("experts_add_rms_norm")) {
                // More rows an expert, so two launches.
                all.add(Arguments.of(entry, 512));
            }
            if (entry.name().equals("linear_add_rms_norm routed")) {
                // Several tiles of rows.
                all.add(Arguments.of(entry, 300));
            }
            if (entry.name().equals("in_proj_short_conv")) {
                // Of the variant with large blocks.
                all.add(Arguments.of(entry, 256));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("tiledBenchmarks")
    void bytesSectorsAndConflictsOnHopper(KernelSuite.Entry entry, int numTokens) {
        requireRatios(EmulatorOptions.collecting(numTokens).on(90), entry, numTokens, 0.02);
    }

    @ParameterizedTest
    @MethodSource("benchmarks")
    void bytesSectorsAndConflicts(KernelSuite.Entry entry, int numTokens) {
        requireRatios(EmulatorOptions.collecting(numTokens), entry, numTokens, MAX_CONFLICTS);
    }

    /** Of 64 rows, a race's logits are a sixteenth of the head's weights. */
    private static double maxTraffic(KernelSuite.Entry entry) {
        return entry.name().equals("sample_from_head temperature") ? 1.08 : MAX_RATIO;
    }

    private static void requireRatios(
            EmulatorOptions options, KernelSuite.Entry entry, int numTokens, double maxConflicts) {
        EmulatorDevice device = new EmulatorDevice(options);
        Stream stream = device.createStream("counts");
        try (device;
                BenchmarkMemory memory = new BenchmarkMemory(device, stream, numTokens, false);
                KernelBenchmark benchmark = entry.open(memory, shape(entry))) {
            device.clearCounters();
            Map<String, Double> metrics =
                    new KernelCounting(stream, () -> device.counters().values()).measure(benchmark);
            String what = benchmark.name() + ": " + metrics;
            assertEquals(List.of(), device.faults(), what);
            assertTrue(metrics.get("conflictsToAccesses") <= maxConflicts, what);
            assertTrue(metrics.get("trafficToFloor") <= maxTraffic(entry), what);
            if (benchmark.flops() == 0) {
                assertTrue(metrics.get("bytesToFloor") <= MAX_RATIO, what);
                assertTrue(metrics.get("sectorsToFloor") <= MAX_RATIO, what);
            }
        }
    }
}
