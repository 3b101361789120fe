package io.penstock.emulator;

import io.penstock.device.DeviceMemory;
import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;

/** An allocation as the port shows it. */
final class EmulatorMemory implements DeviceMemory {
    private final AddressSpace space;
    private final Allocation allocation;

    EmulatorMemory(AddressSpace space, Allocation allocation) {
        this.space = space;
        this.allocation = allocation;
    }

    Allocation allocation() {
        if (allocation.isFreed()) {
            throw new IllegalStateException(allocation.name() + " was given back");
        }
        return allocation;
    }

    @Override
    public long address() {
        return allocation.address();
    }

    @Override
    public long sizeBytes() {
        return allocation.sizeBytes();
    }

    @Override
    public String name() {
        return allocation.name();
    }

    @Override
    public void close() {
        space.free(allocation);
    }
}
