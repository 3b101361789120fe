package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.TileTable;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.Activations;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything of a model on a device but its weights: the streams, the operations with their memory, activations, and
 * what sampling holds. What is made later on allocates nothing on the device.
 */
final class DeviceWorkspace implements AutoCloseable {
    private final Closing closing = new Closing();
    private final Stream stream;
    private final CudaOps ops;
    private final Activations activations;
    private final HalvesWorkspace halves;
    private final SamplerMemory samplerMemory;
    private final List<DeviceMemory> memories = new ArrayList<>();

    DeviceWorkspace(Device device, ModelConfig config, ModelLimits limits) {
        this(device, Stream.Serialization.FULL, config, limits, TileTable.BUILT_IN, HalfBatches.NONE);
    }

    /**
     * Loads the kernels and allocates everything.
     *
     * @param serialization of the streams
     * @param tiles how products on tiles are cut
     * @param rule which steps have halves
     */
    DeviceWorkspace(Device device, Stream.Serialization serialization, ModelConfig config, ModelLimits limits,
            TileTable tiles, HalfBatches rule) {
        try {
            stream = closing.add(device.createStream("steps", serialization));
            var lending = new LendingDevice(device);
            LendingDevice half = lending.share(HalfBatches.NUM_HALVES);
            StepMemory memory = closing.add(new StepMemory(device, stream, config, limits, rule, half));
            ops = closing.add(new CudaOps(lending, stream, memory, BatchPart.WHOLE, tiles));
            DeviceRouting routing = config.isMoe() ? closing.add(new DeviceRouting(
                    device, stream, config.moe(), limits.maxNumBatchedTokens(), "routing")) : null;
            DeviceActivations all = closing.add(new DeviceActivations(device, stream, config, limits, routing));
            activations = all.activations();
            halves = memory.hasHalves() ? closing.add(
                    new HalvesWorkspace(lending, half, new HalvesWorkspace.Streams(stream,
                            closing.add(device.createStream("second half", serialization))), memory, all, routing,
                            tiles)) : null;
            samplerMemory = closing.add(new SamplerMemory(
                    device, limits, WeightLayout.paddedRows(config.vocabSize()), config.vocabSize()));
            if (routing != null) {
                memories.add(routing.memory());
            }
            memories.add(all.arena());
        } catch (RuntimeException | Error e) {
            closing.close();
            throw e;
        }
    }

    Stream stream() {
        return stream;
    }

    CudaOps ops() {
        return ops;
    }

    Activations activations() {
        return activations;
    }

    /** What steps of two halves need, or null if there are none within the limits. */
    HalvesWorkspace halves() {
        return halves;
    }

    /** For {@link DeviceSampler}. */
    SamplerMemory samplerMemory() {
        return samplerMemory;
    }

    /** What the activations and the routing lie in. */
    List<DeviceMemory> memories() {
        return memories;
    }

    @Override
    public void close() {
        closing.close();
    }
}
