package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.DeviceProperties;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.model.ForwardPass;
import io.penstock.runtime.model.ModelLoader;
import io.penstock.runtime.model.Trace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a step of the 8B model asks of a device. */
class LaunchesTest {
    private static final DeviceProperties.Cores CORES =
            new DeviceProperties.Cores(132, 0, 2048, 65_536, 228 << 10, 227 << 10);
    private static final DeviceProperties.Memory MEMORY = new DeviceProperties.Memory(143_771L << 20, 0, 0, 0);

    @ParameterizedTest
    @CsvSource({"80, ROW_MAJOR, 170", "90, TILES, 120"})
    void aDecodeStepHasFewLaunches(int computeCapability, WeightFormat format, int maxLaunches) {
        ModelConfig config = ModelShapes.named("lfm2.5-8b-a1b");
        ModelLimits limits = new ModelLimits(256, 512, 2048, 8192, 0);
        PlannedDevice device = new PlannedDevice(
                new DeviceProperties("planned", "none", computeCapability, CORES, MEMORY));
        try (DummyCheckpoint shapes = new DummyCheckpoint(config, 0);
                DeviceWorkspace workspace = new DeviceWorkspace(device, config, limits)) {
            var weights = new ModelLoader(shapes, new WeightLayout(256, format)).load(_ -> { });
            DeviceSampler sampler = new DeviceSampler(device, workspace.stream(), workspace.ops(),
                    workspace.samplerMemory(), limits,
                    new DeviceSampler.Vocabulary(config.vocabSize(), config.vocabSize(), new int[0]));
            sampler.chooseInHead(true);
            ForwardBatch batch = new ForwardBatch(limits);
            for (int slot = 0; slot < 32; slot++) {
                batch.setBlock(slot, 0, slot);
                batch.sample(batch.addDecode(slot, 1, 5, slot * 64 + 5));
            }
            int before = device.numLaunches();
            new ForwardPass(weights, workspace.ops(), workspace.activations(), Trace.NONE).run(batch);
            sampler.sample((DeviceTensor) workspace.activations().head().logits());
            int numLaunches = device.numLaunches() - before;
            assertTrue(numLaunches <= maxLaunches, "launches: " + numLaunches);
            assertTrue(numLaunches > 4 * config.numLayers(), "launches: " + numLaunches);
            sampler.close();
        }
    }
}
