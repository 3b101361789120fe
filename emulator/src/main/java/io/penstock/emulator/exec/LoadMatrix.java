package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;

/** ldmatrix: rows of 16 bytes at the addresses of eight lanes each, spread over the warp. */
final class LoadMatrix extends TogetherAll {
    private final Address address;
    private final boolean isTransposed;

    LoadMatrix(Address address, Slot[] targets, boolean isTransposed) {
        this.address = address;
        this.targets = targets;
        this.isTransposed = isTransposed;
    }

    @Override
    void together(Warp warp, int mask) {
        Launch launch = warp.cta.launch;
        Memory memory = launch.memory;
        int numRows = 8 * targets.length;
        int asked = numRows == 32 ? -1 : (1 << numRows) - 1;
        if ((mask & asked) != asked) {
            launch.report.at(this, warp, 0).fault(FaultKind.BARRIER_DIVERGENCE, source.name()
                    + " while lanes that give addresses have ended or are elsewhere");
        }
        int good = memory.locate(this, warp, asked & mask, address, 16, false);
        int written = 0;
        for (int rest = good; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            memory.noteRead(this, warp, lane, 16, AccessLog.Strength.WEAK);
            Allocation allocation = memory.where[lane];
            boolean isWritten = allocation.isWritten(memory.offsets[lane], 16);
            written |= isWritten ? 1 << lane : 0;
            if (!isWritten) {
                memory.notOrdinary(this, warp, lane, 16);
            }
        }
        for (int i = 0; i < targets.length; i++) {
            warp.undefined[targets[i].id()] &= ~mask;
            int rows = 0xFF << 8 * i;
            if (mask == FULL && (good & written & rows) == rows) {
                spreadWhole(warp, i, memory);
                continue;
            }
            for (int lane = 0; lane < 32; lane++) {
                if ((mask >>> lane & 1) != 0) {
                    spread(warp, i, lane, good, written);
                }
            }
        }
    }

    /** Eight rows that are all there. */
    private void spreadWhole(Warp warp, int i, Memory memory) {
        int at = targets[i].at();
        for (int row = 0; row < 8; row++) {
            byte[] data = memory.where[8 * i + row].data();
            int offset = memory.offsets[8 * i + row];
            if (!isTransposed) {
                for (int pair = 0; pair < 4; pair++) {
                    warp.ints[at + 4 * row + pair] = Bytes.readInt(data, offset + 4 * pair);
                }
                continue;
            }
            for (int column = 0; column < 8; column++) {
                int lane = at + 4 * column + (row >> 1);
                int value = Bytes.readShort(data, offset + 2 * column);
                warp.ints[lane] = (row & 1) == 0 ? value : warp.ints[lane] | value << 16;
            }
        }
    }

    private void spread(Warp warp, int i, int lane, int good, int written) {
        Memory memory = warp.cta.launch.memory;
        int value = 0;
        int open = 0;
        boolean isSpoiled = false;
        for (int half = 0; half < 2; half++) {
            int row = isTransposed ? (lane & 3) * 2 + half : lane >> 2;
            int column = isTransposed ? lane >> 2 : (lane & 3) * 2 + half;
            int from = 8 * i + row;
            if ((good >>> from & 1) == 0) {
                continue;
            }
            Allocation allocation = memory.where[from];
            int offset = memory.offsets[from] + 2 * column;
            value |= Bytes.readShort(allocation.data(), offset) << 16 * half;
            if ((written >>> from & 1) == 0) {
                for (int at = 0; at < 2; at++) {
                    open |= allocation.undefinedBits(offset + at) << 16 * half + 8 * at;
                    isSpoiled |= allocation.states()[offset + at] == Allocation.SPOILED;
                }
            }
        }
        warp.ints[targets[i].at() + lane] = value;
        if (open != 0) {
            warp.setUndefined(targets[i], lane, open, isSpoiled);
        }
    }
}
