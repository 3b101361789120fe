package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;

/** stmatrix: 8 x 8 matrices of 16-bit elements, spread over the warp, to rows at the addresses of eight lanes each. */
final class StoreMatrix extends TogetherAll {
    private static final int ROW_BYTES = 16;

    private final Address address;
    private final Slot[] from;
    private final boolean isTransposed;

    StoreMatrix(Address address, Slot[] from, boolean isTransposed) {
        this.address = address;
        this.from = from;
        this.isTransposed = isTransposed;
    }

    @Override
    void together(Warp warp, int mask) {
        Launch launch = warp.cta.launch;
        Memory memory = launch.memory;
        int numRows = 8 * from.length;
        int asked = numRows == 32 ? -1 : (1 << numRows) - 1;
        if (mask != -1) {
            launch.report.at(this, warp, 0).fault(FaultKind.BARRIER_DIVERGENCE, source.name()
                    + " while lanes that give rows have ended or are elsewhere");
        }
        int good = memory.locate(this, warp, asked & mask, address, ROW_BYTES, true);
        for (int rest = good; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            if (!memory.where[lane].isWritten(memory.offsets[lane], ROW_BYTES)) {
                memory.notOrdinary(this, warp, lane, ROW_BYTES);
            }
            memory.noteWrite(this, warp, lane, ROW_BYTES, false, AccessLog.Same.NO);
            row(warp, lane, memory.where[lane], memory.offsets[lane]);
        }
    }

    private void row(Warp warp, int row, Allocation allocation, int offset) {
        Slot matrix = from[row / 8];
        allocation.setWritten(offset, ROW_BYTES);
        for (int column = 0; column < 8; column++) {
            int major = isTransposed ? column : row % 8;
            int minor = isTransposed ? row % 8 : column;
            int lane = major * 4 + minor / 2;
            int shift = 16 * (minor & 1);
            Bytes.writeShort(allocation.data(), offset + 2 * column, warp.ints[matrix.at() + lane] >>> shift);
            if (warp.isUndefined(matrix, lane)) {
                int open = (int) (warp.undefinedBits(matrix, lane) >>> shift);
                boolean isSpoiled = warp.isSpoiled(matrix, lane);
                for (int at = 0; at < 2; at++) {
                    int bits = open >>> 8 * at & 0xFF;
                    if (bits != 0) {
                        allocation.setUndefined(offset + 2 * column + at, bits, isSpoiled);
                    }
                }
            }
        }
    }
}
