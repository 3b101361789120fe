package io.penstock.bench.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.config.ModelShapes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What whole steps of the 8B model move, from slices of their operations: close to what they must. */
class StepTrafficTest {
    private static final double MAX_RATIO = 1.15;
    private static final double MAX_RATIO_ON_HOPPER = 1.06;
    private static final int MAX_LAUNCHES = 170;

    /** On 9.0, where a product and what becomes of its rows are one launch; 22 fewer where experts have few rows. */
    private static final int MAX_FUSED_LAUNCHES = 87;
    private static final int MAX_FUSED_LAUNCHES_OF_MANY = 109;
    private static final int MANY_SEQS = 257;

    @ParameterizedTest
    @CsvSource({"64, 1024, false", "1, 2048, true"})
    void trafficIsCloseToTheFloor(int numSeqs, int context, boolean isPrefill) {
        requireTraffic(EmulatorOptions.collecting(numSeqs), new StepProfile.Step(numSeqs, context, isPrefill),
                MAX_RATIO, MAX_LAUNCHES);
    }

    /** More with {@code -Dpenstock.stepSeqs=256,2048}, in some minutes. */
    static IntStream decodeSizes() {
        return Stream.of(System.getProperty("penstock.stepSeqs", "32").split(",")).mapToInt(Integer::parseInt);
    }

    @ParameterizedTest
    @MethodSource("decodeSizes")
    void trafficIsCloseToTheFloorOnHopper(int numSeqs) {
        requireTraffic(EmulatorOptions.collecting(numSeqs).on(90), new StepProfile.Step(numSeqs, 1024, false),
                MAX_RATIO_ON_HOPPER, numSeqs < MANY_SEQS ? MAX_FUSED_LAUNCHES : MAX_FUSED_LAUNCHES_OF_MANY);
    }

    private static void requireTraffic(
            EmulatorOptions options, StepProfile.Step step, double maxRatio, int maxLaunches) {
        try (EmulatorDevice device = new EmulatorDevice(options)) {
            long[] seen = {0};
            StepTraffic traffic = new StepTraffic(device, DeviceSpec.named("h200"), () -> {
                Map<String, Long> counts = new LinkedHashMap<>(device.counters().values());
                counts.put("launches", device.numLaunches() - seen[0]);
                seen[0] = device.numLaunches();
                device.clearCounters();
                return counts;
            });
            StepProfile.Result result = traffic.count(ModelShapes.named("lfm2.5-8b-a1b"), step);
            String table = String.join("\n", StepReport.lines("counted", step, result));
            assertEquals(List.of(), device.faults(), table);
            double bytes = result.rows().stream().mapToDouble(row -> row.metrics().get("trafficBytes")).sum();
            double floor = result.rows().stream().mapToDouble(StepProfile.Row::floorBytes).sum();
            double attention = result.rows().stream().filter(row -> row.name().equals("attention"))
                    .mapToDouble(row -> row.metrics().get("trafficBytes") / row.floorBytes()).findFirst().orElseThrow();
            assertTrue(attention >= 0.95 && attention <= maxRatio, table);
            assertTrue(bytes >= 0.95 * floor && bytes <= maxRatio * floor, table);
            assertTrue(step.isPrefill() || result.step().get("launches") <= maxLaunches, table);
        }
    }
}
