package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormRouteTopKKernel.RoutingAddresses;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.MoeConfig;
import io.penstock.runtime.model.Routing;

/** A step's routing in device memory; {@link RoutingAddresses} says what lies where. */
final class DeviceRouting implements Routing, AutoCloseable {
    private final DeviceMemory memory;
    private final RoutingAddresses addresses;
    private final int expertsPerToken;

    /** With memory of its own for the largest step of a model with experts. */
    DeviceRouting(Device device, Stream stream, ModelConfig config, ModelLimits limits) {
        MoeConfig moe = config.moe();
        expertsPerToken = moe.expertsPerToken();
        long sizeBytes = sizeBytes(moe, limits);
        memory = device.allocate("routing", sizeBytes);
        stream.fill(memory, 0, sizeBytes, (byte) 0);
        addresses = RoutingAddresses.at(
                memory.address(), limits.maxNumBatchedTokens(), moe.numExperts(), expertsPerToken);
    }

    /** In memory that somebody else owns, zero where the next step counts arrivals. */
    DeviceRouting(RoutingAddresses addresses, int expertsPerToken) {
        memory = null;
        this.addresses = addresses;
        this.expertsPerToken = expertsPerToken;
    }

    /** Bytes of device memory that the largest step takes. */
    static long sizeBytes(MoeConfig moe, ModelLimits limits) {
        return RoutingAddresses.sizeBytes(limits.maxNumBatchedTokens(), moe.numExperts(), moe.expertsPerToken());
    }

    RoutingAddresses addresses() {
        return addresses;
    }

    @Override
    public int expertsPerToken() {
        return expertsPerToken;
    }

    @Override
    public void close() {
        if (memory != null) {
            memory.close();
        }
    }
}
