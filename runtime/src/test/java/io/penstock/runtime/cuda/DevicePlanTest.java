package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceProperties;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.InputException;
import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.config.MoeConfig;
import io.penstock.runtime.plan.MemoryPlan;
import io.penstock.runtime.testing.Goldens;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That the plan is what is allocated, to the byte, and that nothing is allocated behind it. */
class DevicePlanTest {
    private static final int[] EOS = {1};
    private static final DeviceProperties H200 = new DeviceProperties("h200", "none", 90,
            new DeviceProperties.Cores(132, 0, 2048, 65_536, 228 << 10, 227 << 10),
            new DeviceProperties.Memory(143_771L << 20, 0, 0, 0));

    private static long sum(Map<String, Long> bytes) {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    @ParameterizedTest
    @CsvSource({"moe-legacy, 80, 0", "moe-nested, 80, 0", "dense-adjusted, 80, 2", "moe-legacy, 90, 0",
        "moe-legacy, 90, 1", "dense-adjusted, 90, 0"})
    void aRunnerAllocatesThePlanAndNothingElse(String name, int computeCapability, int halvedRows) {
        var options = CudaOptions.DEFAULTS.withGraphs(GraphMode.START).withGraphBatchSizes(1, 2)
                .withHalvedRows(halvedRows);
        try (Checkpoint checkpoint = Checkpoint.open(Goldens.path("models/" + name))) {
            ModelConfig config = checkpoint.config();
            var masks = new MaskLimits(3, config.vocabSize());
            var device = new ForwardingDevice(
                    new EmulatorDevice(EmulatorOptions.failing().on(computeCapability)));
            var asked = new MemoryPlan.Asked(9, 70, 256, 3);
            long fixed = DevicePlan.weightsBytes(config, device.properties()) + (4L << 20);
            MemoryPlan plan =
                    DevicePlan.of(config, asked, masks, fixed + (4L << 20), options, device.properties());
            ModelLimits fitting = plan.limits();
            var limits = new ModelLimits(fitting.maxNumSeqs(), fitting.maxNumBatchedTokens(), fitting.maxModelLen(),
                    fitting.numKvBlocks(), fitting.numSnapshots(), 6, masks);
            Map<String, Long> planned = new LinkedHashMap<>(
                    DevicePlan.allocations(config, limits, options, device.properties()));
            planned.put("weights", DevicePlan.weightsBytes(config, device.properties()));
            var model = new CudaModel(device, checkpoint, limits, options, _ -> { });
            try (CudaRunner runner = new CudaRunner(model, options, config.vocabSize() - 7, EOS)) {
                assertEquals(planned, device.allocated);
                assertEquals(halvedRows > 0, planned.containsKey("attention's counters of the second half"));
                assertEquals(plan.budgetBytes() - plan.freeBytes(), sum(device.allocated) + unusedSnapshots(plan));
                assertTrue(plan.freeBytes() >= 0 && plan.freeBytes() < plan.kvBlockBytes(), () -> "" + plan);
                run(runner, limits);
                assertEquals(2, runner.numGraphReplays());
                assertEquals(planned, device.allocated, "a step allocates");
            }
        }
    }

    /** A plan's fixed part is counted without snapshots, for which a byte is allocated all the same. */
    private static long unusedSnapshots(MemoryPlan plan) {
        return plan.limits().numSnapshots() > 0 ? 1 : 0;
    }

    /** A prompt, and two decode steps. */
    private static void run(CudaRunner runner, ModelLimits limits) {
        ForwardBatch batch = new ForwardBatch(limits);
        int[] prompt = {5, 6, 7};
        runner.startSequence(0, SamplingParams.greedy(20), prompt, prompt.length, prompt.length);
        batch.setBlock(0, 0, 2);
        batch.sample(batch.addSequence(0, prompt, 0, prompt.length, 0, new int[] {2}));
        runner.launch(batch);
        runner.await();
        assertEquals(0, runner.numGraphReplays());
        for (int position = prompt.length; position < prompt.length + 2; position++) {
            batch.clear();
            batch.sample(batch.addDecode(
                    0, ForwardBatch.LAST_SAMPLED, position, 2 * ModelLimits.BLOCK_TOKENS + position));
            runner.launch(batch);
            runner.await();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            12 | 4 | 12 experts: the kernel takes multiples of 8 up to 64
            72 | 4 | 72 experts: the kernel takes multiples of 8 up to 64
            32 | 9 | 9 of 32 experts a token: the kernel takes 1 to 8
            """)
    void aModelWithoutKernelsIsRefused(int numExperts, int expertsPerToken, String reason) {
        ModelConfig good = ModelShapes.named("lfm2.5-8b-a1b");
        var moe = new MoeConfig(numExperts, expertsPerToken, good.moe().expertWidth(), good.moe().useExpertBias(),
                good.moe().normTopkProb(), good.moe().routedScalingFactor());
        var config = new ModelConfig(good.modelType(), good.dimensions(), good.layerTypes(), good.attention(),
                good.feedForward(), moe, good.tokens());
        var asked = new MemoryPlan.Asked(4, 64, 256, 0);
        var masks = new MaskLimits(1, config.vocabSize());
        InputException refusal = assertThrows(
                InputException.class,
                () -> DevicePlan.of(config, asked, masks, 100L << 30, CudaOptions.DEFAULTS, H200));
        assertEquals("no GPU kernels for this model: " + reason + "; run it with --device cpu", refusal.getMessage());
    }

    @Test
    void aPlanDividesTheBudget() {
        ModelConfig config = ModelShapes.named("lfm2.5-8b-a1b");
        var asked = new MemoryPlan.Asked(2048, 8192, 4096, MemoryPlan.Asked.ONE_FOR_TWO_BLOCKS);
        var masks = new MaskLimits(256, config.vocabSize());
        MemoryPlan plan = DevicePlan.of(config, asked, masks, 100L << 30, CudaOptions.DEFAULTS, H200);
        assertEquals(plan.limits().numKvBlocks() / 2, plan.limits().numSnapshots());
        assertTrue(plan.freeBytes() >= 0 && plan.freeBytes() < 2 * plan.kvBlockBytes(), "left " + plan.freeBytes());
        assertTrue(plan.weightsBytes() >= MemoryPlan.weightsBytes(config)
                && plan.weightsBytes() < MemoryPlan.weightsBytes(config) * 1.001, "weights " + plan.weightsBytes());
        Map<String, Long> all = DevicePlan.allocations(
                config, plan.limits().withMasks(masks), CudaOptions.DEFAULTS, H200);
        assertEquals(2048 * SlotWriter.SLOT_BYTES, all.get("sampling slots"));
        assertEquals(256L * config.vocabSize() / 8, all.get("token masks"));
        assertEquals(plan.budgetBytes() - plan.freeBytes(), sum(all) + plan.weightsBytes() + unusedSnapshots(plan));
        assertEquals(MemoryPlan.kvBlockBytes(config) + (long) Integer.BYTES * ModelLimits.BLOCK_TOKENS,
                plan.kvBlockBytes());
    }
}
