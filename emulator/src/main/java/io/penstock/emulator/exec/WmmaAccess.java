package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.ptx.PtxType;

/** wmma.load and wmma.store, element by element. */
final class WmmaAccess extends TogetherAll {
    private final Address address;
    private final Slot stride;
    private final Slot[] registers;
    private final PtxType type;
    private final MatrixShape.Map map;
    private final boolean isRow;
    private final boolean isStore;

    WmmaAccess(Address address, Slot stride, Slot[] registers, PtxType type, MatrixShape.Map map, boolean isRow,
            boolean isStore) {
        this.address = address;
        this.stride = stride;
        this.registers = registers;
        this.type = type;
        this.map = map;
        this.isRow = isRow;
        this.isStore = isStore;
    }

    @Override
    void together(Warp warp, int mask) {
        int size = type.sizeBytes();
        int perRegister = map.perLane() / registers.length;
        for (int i = 0; i < map.perLane(); i++) {
            Slot slot = registers[i / perRegister];
            int shift = i % perRegister * 8 * size;
            ElementAddress at = new ElementAddress(i);
            int good = at.locate(warp, mask, size);
            for (int rest = good; rest != 0; rest &= rest - 1) {
                int lane = Integer.numberOfTrailingZeros(rest);
                if (isStore) {
                    store(warp, slot, lane, shift, size);
                } else {
                    load(warp, slot, lane, shift, size);
                }
            }
        }
    }

    /** The address of one element of each lane. */
    private final class ElementAddress {
        private final int i;

        ElementAddress(int i) {
            this.i = i;
        }

        int locate(Warp warp, int mask, int size) {
            int good = 0;
            Memory memory = warp.cta.launch.memory;
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                int lane = Integer.numberOfTrailingZeros(rest);
                int element = map.elements()[lane * map.perLane() + i];
                int row = element / map.columns();
                int column = element % map.columns();
                int step = warp.ints[stride.at() + lane];
                long offset = (long) (isRow ? row * step + column : column * step + row) * size;
                good |= memory.locate(WmmaAccess.this, warp, 1 << lane, new Address(address.space(), address.base(),
                        address.offset() + offset, address.isFrame(), address.isKernelParameter()), size, isStore);
            }
            return good;
        }
    }

    private void load(Warp warp, Slot slot, int lane, int shift, int size) {
        Memory memory = warp.cta.launch.memory;
        memory.noteRead(this, warp, lane, size, AccessLog.Strength.WEAK);
        Allocation allocation = memory.where[lane];
        int offset = memory.offsets[lane];
        long value = Bytes.read(allocation.data(), offset, size);
        long within = size == 8 ? -1 : (1L << 8 * size) - 1 << shift;
        long open = shift == 0 ? 0 : warp.undefinedBits(slot, lane) & ~within;
        boolean isSpoiled = open != 0 && warp.isSpoiled(slot, lane);
        warp.write(slot, lane, warp.read(slot, lane) & ~within | value << shift & within);
        if (!allocation.isWritten(offset, size)) {
            if (!memory.notOrdinary(this, warp, lane, size)) {
                open |= within;
                isSpoiled = true;
            }
        }
        warp.setUndefined(slot, lane, open, isSpoiled);
    }

    private void store(Warp warp, Slot slot, int lane, int shift, int size) {
        Memory memory = warp.cta.launch.memory;
        Allocation allocation = memory.where[lane];
        int offset = memory.offsets[lane];
        long within = size == 8 ? -1 : (1L << 8 * size) - 1;
        long value = warp.read(slot, lane) >>> shift & within;
        boolean isSilent = allocation.isWritten(offset, size) && Bytes.read(allocation.data(), offset, size) == value;
        memory.noteWrite(this, warp, lane, size, false,
                isSilent ? AccessLog.Same.BY_CHANCE : AccessLog.Same.NO);
        Bytes.write(allocation.data(), offset, size, value);
        allocation.setWritten(offset, size);
        if ((warp.undefinedBits(slot, lane) >>> shift & within) != 0) {
            if (allocation.isShared() || allocation == warp.local) {
                allocation.fillStates(offset, size, Allocation.SPOILED);
            } else {
                warp.cta.launch.report.at(this, warp, lane).fault(
                        FaultKind.UNINITIALISED, source.name()
                                + " writes what was computed from memory or registers that nobody wrote",
                        memory.address(lane), allocation);
            }
        }
    }
}
