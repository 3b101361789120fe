package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;
import io.penstock.emulator.ptx.PtxType;
import io.penstock.emulator.ptx.StateSpace;
import java.util.Set;

/** st, of one value or a vector. */
final class Store extends Op {
    private final Address address;
    private final int size;
    private final boolean isStrong;
    private final boolean isRelease;
    private final int numBytes;
    private boolean isConstant;

    Store(Address address, PtxType type, Slot[] values, boolean isStrong, boolean isRelease) {
        this.address = address;
        this.size = type.sizeBytes();
        this.sources = values;
        this.isStrong = isStrong;
        this.isRelease = isRelease;
        this.numBytes = size * values.length;
    }

    /** Whether it writes the thread's own memory, given registers that point there. */
    boolean isLocal(Set<Slot> pointers) {
        return address.isFrame() || address.space() == StateSpace.LOCAL || address.space() == StateSpace.PARAM
                || pointers.contains(address.base());
    }

    /** All that it writes are constants. */
    void writesConstants() {
        isConstant = true;
    }

    @Override
    void run(Warp warp, int mask) {
        execute(warp, mask);
    }

    @Override
    void execute(Warp warp, int mask) {
        Memory memory = warp.cta.launch.memory;
        int good = memory.locate(this, warp, mask, address, numBytes, true);
        int undefined = 0;
        for (Slot value : sources) {
            undefined |= warp.undefined[value.id()];
        }
        undefined &= good;
        for (int rest = good; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            Allocation allocation = memory.where[lane];
            byte[] data = allocation.data();
            int offset = memory.offsets[lane];
            boolean isWritten = allocation.isWritten(offset, numBytes);
            boolean isSilent = isWritten;
            for (int i = 0; i < sources.length && isSilent; i++) {
                long now = Bytes.read(data, offset + i * size, size);
                long mask64 = size == 8 ? -1 : (1L << 8 * size) - 1;
                isSilent = now == (warp.read(sources[i], lane) & mask64);
            }
            if (!isWritten) {
                memory.notOrdinary(this, warp, lane, numBytes);
            }
            memory.noteWrite(this, warp, lane, numBytes, isStrong, !isSilent ? AccessLog.Same.NO
                    : isConstant ? AccessLog.Same.CONSTANT : AccessLog.Same.BY_CHANCE);
            if (isStrong) {
                memory.noteStrongWrite(warp, lane, isRelease);
            }
            for (int i = 0; i < sources.length; i++) {
                Bytes.write(data, offset + i * size, size, warp.read(sources[i], lane));
            }
            if (!isWritten) {
                allocation.setWritten(offset, numBytes);
            }
        }
        if (isRelease) {
            warp.synchronise();
        }
        for (int rest = undefined; rest != 0; rest &= rest - 1) {
            undefined(warp, Integer.numberOfTrailingZeros(rest), memory);
        }
    }

    private void undefined(Warp warp, int lane, Memory memory) {
        Allocation allocation = memory.where[lane];
        boolean isGlobal = allocation != warp.local && !allocation.isShared();
        long within = size == 8 ? -1 : (1L << 8 * size) - 1;
        // Padding is copied beside what it pads, or byte by byte: only what is undefined as a whole is reported.
        boolean isAll = size > 1;
        for (Slot value : sources) {
            isAll &= (warp.undefinedBits(value, lane) & within) == within;
        }
        for (int i = 0; i < sources.length; i++) {
            long bits = warp.undefinedBits(sources[i], lane) & within;
            if (bits == 0) {
                continue;
            }
            boolean isSpoiled = warp.isSpoiled(sources[i], lane);
            if (isGlobal && (isSpoiled || isAll)) {
                warp.cta.launch.report.at(this, warp, lane).fault(FaultKind.UNINITIALISED, source.name()
                        + " writes what was computed from memory or registers that nobody wrote",
                        memory.address(lane), allocation);
                continue;
            }
            for (int at = 0; at < size; at++) {
                int open = (int) (bits >>> 8 * at) & 0xFF;
                if (open != 0) {
                    allocation.setUndefined(memory.offsets[lane] + i * size + at, open, isSpoiled);
                }
            }
        }
    }
}
