package io.penstock.device.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.DeviceProperties;
import io.penstock.device.Event;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;

final class CudaDevice implements Device {
    private final CudaContext context;
    private final DeviceProperties properties;
    private final String programmaticProblem;

    /** @param programmaticProblem as {@link #programmaticProblem} gives it */
    CudaDevice(CudaContext context, DeviceProperties properties, String programmaticProblem) {
        this.context = context;
        this.properties = properties;
        this.programmaticProblem = programmaticProblem;
    }

    CudaContext context() {
        return context;
    }

    @Override
    public DeviceProperties properties() {
        return properties;
    }

    @Override
    public long freeBytes() {
        context.enter();
        long[] freeBytes = new long[1];
        context.check(context.driver().cuMemGetInfo(freeBytes, new long[1]), "cuMemGetInfo", "reading free memory of",
                context);
        return freeBytes[0];
    }

    @Override
    public DeviceMemory allocate(String name, long sizeBytes) {
        requireSize(name, sizeBytes);
        return CudaMemory.allocate(context, name, sizeBytes);
    }

    @Override
    public PinnedMemory allocatePinned(String name, long sizeBytes) {
        requireSize(name, sizeBytes);
        return CudaPinnedMemory.allocate(context, name, sizeBytes);
    }

    private static void requireSize(String name, long sizeBytes) {
        if (sizeBytes < 1) {
            throw new IllegalArgumentException("memory of " + name + " would have " + sizeBytes + " bytes");
        }
    }

    @Override
    public Stream createStream(String name, Stream.Serialization serialization) {
        if (serialization == Stream.Serialization.PROGRAMMATIC && !programmaticProblem.isEmpty()) {
            throw new IllegalStateException("stream " + name + ": " + programmaticProblem);
        }
        return CudaStream.create(context, name, serialization);
    }

    @Override
    public String programmaticProblem() {
        return programmaticProblem;
    }

    @Override
    public Event createEvent() {
        return CudaEvent.create(context);
    }

    @Override
    public DeviceModule loadModule(String name, String ptx) {
        return CudaModule.load(context, name, ptx);
    }

    @Override
    public void synchronize() {
        context.synchronize();
    }

    @Override
    public void close() {
        context.close();
    }

    @Override
    public String toString() {
        return properties.name();
    }
}
