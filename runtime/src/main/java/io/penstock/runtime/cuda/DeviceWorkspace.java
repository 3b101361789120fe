package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormRouteTopKKernel.RoutingAddresses;
import io.penstock.kernels.TileTable;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.Activations;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything of a model on a device but its weights: the stream, the operations with their memory, activations, and
 * what sampling holds. What is made later on allocates nothing on the device.
 */
final class DeviceWorkspace implements AutoCloseable {
    private final Closing closing = new Closing();
    private final Stream stream;
    private final CudaOps ops;
    private final Activations activations;
    private final SamplerMemory samplerMemory;
    private final List<DeviceMemory> memories = new ArrayList<>();

    DeviceWorkspace(Device device, ModelConfig config, ModelLimits limits) {
        this(device, config, limits, TileTable.BUILT_IN);
    }

    /** @param tiles how products on tiles are cut */
    DeviceWorkspace(Device device, ModelConfig config, ModelLimits limits, TileTable tiles) {
        try {
            stream = closing.add(device.createStream("steps"));
            ops = closing.add(new CudaOps(device, stream, config, limits, tiles));
            DeviceRouting routing = config.isMoe() ? routing(device, config, limits.maxNumBatchedTokens()) : null;
            DeviceActivations all = closing.add(new DeviceActivations(device, stream, config, limits, routing));
            memories.add(all.arena());
            activations = all.activations();
            samplerMemory = closing.add(new SamplerMemory(
                    device, limits, WeightLayout.paddedRows(config.vocabSize()), config.vocabSize()));
        } catch (RuntimeException | Error e) {
            closing.close();
            throw e;
        }
    }

    private DeviceRouting routing(Device device, ModelConfig config, int maxTokens) {
        int numExperts = config.moe().numExperts();
        int expertsPerToken = config.moe().expertsPerToken();
        DeviceMemory memory = closing.add(
                device.allocate("routing", RoutingAddresses.sizeBytes(maxTokens, numExperts, expertsPerToken)));
        memories.add(memory);
        stream.fill(memory, 0, memory.sizeBytes(), (byte) 0);
        return new DeviceRouting(
                RoutingAddresses.at(memory.address(), maxTokens, numExperts, expertsPerToken), expertsPerToken);
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
