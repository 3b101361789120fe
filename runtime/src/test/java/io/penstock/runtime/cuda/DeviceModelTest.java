package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.config.AttentionConfig;
import io.penstock.runtime.config.Dimensions;
import io.penstock.runtime.config.FeedForwardConfig;
import io.penstock.runtime.config.LayerType;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.MoeConfig;
import io.penstock.runtime.config.SpecialTokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
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

    /** Widths, heads, groups of 1 to 8 and experts that no published model has; the twins read no padding. */
    private static ModelConfig byChance(long seed) {
        Random random = new Random(seed);
        int numLayers = random.nextInt(2, 4);
        List<LayerType> layers = new ArrayList<>();
        for (int i = 0; i < numLayers; i++) {
            layers.add(i == seed % numLayers || random.nextInt(3) == 0 ? LayerType.FULL_ATTENTION : LayerType.CONV);
        }
        int numKvHeads = random.nextInt(1, 4);
        int numHeads = numKvHeads * (int) (1 + seed % 8);
        boolean isMoe = random.nextInt(4) > 0;
        int numExperts = 8 * random.nextInt(1, 6);
        MoeConfig moe = !isMoe ? MoeConfig.NONE : new MoeConfig(numExperts,
                random.nextInt(1, Math.min(4, numExperts) + 1), 64 * random.nextInt(1, 4), random.nextBoolean(),
                random.nextBoolean(), 1);
        return new ModelConfig(isMoe ? ModelConfig.MOE_TYPE : ModelConfig.DENSE_TYPE,
                new Dimensions(8 * random.nextInt(12, 90), 64 * random.nextInt(1, 7), 4096, 3, 1e-5f), layers,
                new AttentionConfig(numHeads, numKvHeads, 64, 1e6),
                new FeedForwardConfig(isMoe ? random.nextInt(0, numLayers) : numLayers, 64 * random.nextInt(1, 7)), moe,
                new SpecialTokens(1, List.of(7), 0));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyOperationIsItsTwinInAnyShape(long seed) {
        ModelConfig config = byChance(seed);
        try (DeviceHarness harness = new DeviceHarness(new DummyCheckpoint(config, seed))) {
            TwinOps twins = harness.useTwins();
            drive(harness);
            assertEquals(5 * config.numAttentionLayers(), twins.compared().get("attention"), config::toString);
            assertEquals(List.of(), harness.device.faults(), config::toString);
        }
    }

    /** As many as {@code -Dpenstock.seeds} says. */
    static LongStream seeds() {
        return LongStream.range(0, Integer.getInteger("penstock.seeds", 4));
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
