package io.penstock.bench.load;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.DeviceProperties;
import io.penstock.device.Event;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A device for loading where there is no GPU: its memory is the host's, and a thread of its own copies, as a GPU's copy
 * engine does. The bus is then this machine's memory.
 */
public final class HostDevice implements Device {
    private static final long ALIGNMENT_BYTES = 4096;
    private static final String NO_KERNELS = "this device copies and runs no kernels";

    private record Memory(String name, long sizeBytes, Arena arena, MemorySegment segment) implements DeviceMemory {
        @Override
        public long address() {
            return segment.address();
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    private record Pinned(String name, Arena arena, MemorySegment segment) implements PinnedMemory {
        @Override
        public void close() {
            arena.close();
        }
    }

    /** The host's memory behind a device's. */
    static MemorySegment segment(DeviceMemory memory) {
        return ((Memory) memory).segment();
    }

    @Override
    public DeviceProperties properties() {
        return new DeviceProperties("this machine's memory", "none", 0,
                new DeviceProperties.Cores(1, 0, 1, 1, 1, 1),
                new DeviceProperties.Memory(Runtime.getRuntime().maxMemory(), 0, 0, 0));
    }

    @Override
    public long freeBytes() {
        return properties().memory().totalBytes();
    }

    /** Touched once, so that no copy pays for the system's first look at a page. */
    private static MemorySegment allocate(Arena arena, long sizeBytes) {
        return arena.allocate(sizeBytes, ALIGNMENT_BYTES).fill((byte) 1);
    }

    @Override
    public DeviceMemory allocate(String name, long sizeBytes) {
        Arena arena = Arena.ofShared();
        return new Memory(name, sizeBytes, arena, allocate(arena, sizeBytes));
    }

    @Override
    public PinnedMemory allocatePinned(String name, long sizeBytes) {
        Arena arena = Arena.ofShared();
        return new Pinned(name, arena, allocate(arena, sizeBytes));
    }

    @Override
    public Stream createStream(String name, Stream.Serialization serialization) {
        return new CopyStream(name);
    }

    @Override
    public String programmaticProblem() {
        return NO_KERNELS;
    }

    @Override
    public Event createEvent() {
        return new CopyStream.Mark();
    }

    @Override
    public DeviceModule loadModule(String name, String ptx) {
        throw new UnsupportedOperationException(NO_KERNELS);
    }

    @Override
    public void synchronize() {
        throw new UnsupportedOperationException("wait for the stream");
    }

    @Override
    public void close() {}
}
