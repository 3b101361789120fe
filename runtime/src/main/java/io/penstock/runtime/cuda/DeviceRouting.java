package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormRouteTopKKernel.RoutingAddresses;
import io.penstock.runtime.config.MoeConfig;
import io.penstock.runtime.model.Routing;

/** A step's routing in device memory; {@link RoutingAddresses} says what lies where. */
final class DeviceRouting implements Routing, AutoCloseable {
    private final DeviceMemory memory;
    private final RoutingAddresses addresses;
    private final int expertsPerToken;

    /** With memory of its own for so many tokens of a model with experts. */
    DeviceRouting(Device device, Stream stream, MoeConfig moe, int maxTokens, String name) {
        expertsPerToken = moe.expertsPerToken();
        memory = device.allocate(name, RoutingAddresses.sizeBytes(maxTokens, moe.numExperts(), expertsPerToken));
        stream.fill(memory, 0, memory.sizeBytes(), (byte) 0);
        addresses = RoutingAddresses.at(memory.address(), maxTokens, moe.numExperts(), expertsPerToken);
    }

    /** In memory that somebody else owns, zero where the next step counts arrivals. */
    DeviceRouting(RoutingAddresses addresses, int expertsPerToken) {
        memory = null;
        this.addresses = addresses;
        this.expertsPerToken = expertsPerToken;
    }

    /** All of it, or null if somebody else owns it. */
    DeviceMemory memory() {
        return memory;
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
