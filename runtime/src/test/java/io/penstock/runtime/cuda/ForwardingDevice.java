package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.DeviceProperties;
import io.penstock.device.Event;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import java.util.LinkedHashMap;
import java.util.Map;

/** Another device, of which it is written down what was allocated on it, and for what. */
final class ForwardingDevice implements Device {
    final Map<String, Long> allocated = new LinkedHashMap<>();
    private final Device device;
    private final DeviceProperties properties;

    ForwardingDevice(Device device) {
        this(device, device.properties());
    }

    /** One that says something else of itself. */
    ForwardingDevice(Device device, DeviceProperties properties) {
        this.device = device;
        this.properties = properties;
    }

    @Override
    public DeviceMemory allocate(String name, long sizeBytes) {
        DeviceMemory memory = device.allocate(name, sizeBytes);
        allocated.merge(name, sizeBytes, Long::sum);
        return memory;
    }

    @Override
    public DeviceProperties properties() {
        return properties;
    }

    @Override
    public long freeBytes() {
        return device.freeBytes();
    }

    @Override
    public PinnedMemory allocatePinned(String name, long sizeBytes) {
        return device.allocatePinned(name, sizeBytes);
    }

    @Override
    public Stream createStream(String name, Stream.Serialization serialization) {
        return device.createStream(name, serialization);
    }

    @Override
    public String programmaticProblem() {
        return device.programmaticProblem();
    }

    @Override
    public Event createEvent() {
        return device.createEvent();
    }

    @Override
    public DeviceModule loadModule(String name, String ptx) {
        return device.loadModule(name, ptx);
    }

    @Override
    public void synchronize() {
        device.synchronize();
    }

    @Override
    public void close() {
        device.close();
    }
}
