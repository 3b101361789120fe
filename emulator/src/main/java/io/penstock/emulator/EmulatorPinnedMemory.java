package io.penstock.emulator;

import io.penstock.device.PinnedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Native memory, which is all that pinned memory is here. */
final class EmulatorPinnedMemory implements PinnedMemory {
    private static final long ALIGNMENT = 256;

    private final String name;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private final List<EmulatorPinnedMemory> owner;

    EmulatorPinnedMemory(String name, long sizeBytes, List<EmulatorPinnedMemory> owner) {
        if (sizeBytes < 1) {
            throw new IllegalArgumentException(name + ": " + sizeBytes + " bytes");
        }
        this.name = name;
        this.owner = owner;
        this.segment = arena.allocate(sizeBytes, ALIGNMENT);
    }

    boolean contains(long address, long sizeBytes) {
        return address >= segment.address() && address + sizeBytes <= segment.address() + segment.byteSize();
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void close() {
        if (owner.remove(this)) {
            arena.close();
        }
    }
}
