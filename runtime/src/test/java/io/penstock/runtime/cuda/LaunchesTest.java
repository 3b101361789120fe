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
import org.junit.jupiter.api.Test;

/** What a step of the 8B model asks of a device. */
class LaunchesTest {
    private static final int MAX_LAUNCHES = 170;
    private static final DeviceProperties H200 = new DeviceProperties("h200", "none", 90,
            new DeviceProperties.Cores(132, 0, 2048, 65_536, 228 << 10, 227 << 10),
            new DeviceProperties.Memory(143_771L << 20, 0, 0, 0));

    @Test
    void aDecodeStepHasFewLaunches() {
        ModelConfig config = ModelShapes.named("lfm2.5-8b-a1b");
        ModelLimits limits = new ModelLimits(256, 512, 2048, 8192, 0);
        PlannedDevice device = new PlannedDevice(H200);
        try (DummyCheckpoint shapes = new DummyCheckpoint(config, 0);
                DeviceWorkspace workspace = new DeviceWorkspace(device, config, limits)) {
            var weights = new ModelLoader(shapes, new WeightLayout(256, WeightFormat.ROW_MAJOR)).load(_ -> { });
            DeviceSampler sampler = new DeviceSampler(device, workspace.stream(), workspace.ops(),
                    workspace.samplerMemory(), limits,
                    new DeviceSampler.Vocabulary(config.vocabSize(), config.vocabSize(), new int[0]));
            ForwardBatch batch = new ForwardBatch(limits);
            for (int slot = 0; slot < 32; slot++) {
                batch.setBlock(slot, 0, slot);
                batch.sample(batch.addDecode(slot, 1, 5, slot * 64 + 5));
            }
            int before = device.numLaunches();
            new ForwardPass(weights, workspace.ops(), workspace.activations(), Trace.NONE).run(batch);
            sampler.sample((DeviceTensor) workspace.activations().head().logits());
            int numLaunches = device.numLaunches() - before;
            assertTrue(numLaunches <= MAX_LAUNCHES, "launches: " + numLaunches);
            assertTrue(numLaunches > 5 * config.numLayers(), "launches: " + numLaunches);
            sampler.close();
        }
    }
}
