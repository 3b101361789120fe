package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole models on the emulator, operation by operation against the CPU twins, and against themselves. */
class DeviceModelTest {
    private static int[] tokens(DeviceHarness harness, int length, long seed) {
        return new Random(seed).ints(length, 0, harness.config.vocabSize()).toArray();
    }

    /** A prompt in chunks, decode steps, and both in one batch, with snapshots written and started from. */
    private static void drive(DeviceHarness harness) {
        int[] first = tokens(harness, 90, 1);
        int[] second = tokens(harness, 40, 2);
        harness.add(0, first, 0, 50, false);
        harness.batch.writeSnapshot(30, 1);
        harness.run();
        harness.add(0, first, 50, 17, false);
        harness.add(2, second, 0, 21, true);
        harness.run();
        for (int i = 0; i < 2; i++) {
            harness.add(2, second, 21 + i, 1, false);
            harness.add(0, first, 67 + i, 1, false);
            harness.run();
        }
        harness.batch.startFromSnapshot(harness.add(0, first, 31, 1, false), 1);
        harness.add(2, second, 23, 9, true);
        harness.run();
    }

    @ParameterizedTest
    @ValueSource(strings = {"moe-nested", "moe-legacy", "dense-adjusted"})
    void everyOperationIsItsTwin(String name) {
        try (DeviceHarness harness = new DeviceHarness(name)) {
            TwinOps twins = harness.useTwins();
            drive(harness);
            int numSteps = 5;
            assertEquals(numSteps, twins.compared().get("embed"), twins.compared()::toString);
            assertEquals(numSteps * harness.config.numAttentionLayers(), twins.compared().get("attention"));
            assertEquals(numSteps * harness.config.numConvLayers(), twins.compared().get("inProjShortConv"));
            assertEquals(harness.config.isMoe() ? Integer.valueOf(numSteps * harness.config.numMoeLayers()) : null,
                    twins.compared().get("groupedLinear"));
            assertEquals(List.of(), harness.device.faults());
        }
    }
}
