package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;

/** cp.async of 4, 8 or 16 bytes from global to shared memory. */
final class AsyncCopy extends Op {
    private final Address to;
    private final Address from;
    private final int numBytes;
    private final Slot sourceBytes;
    private final Slot ignore;

    /**
     * @param sourceBytes how many are read, the others are zero; or null
     * @param ignore a predicate: all are zero; or null
     */
    AsyncCopy(Address to, Address from, int numBytes, Slot sourceBytes, Slot ignore) {
        this.to = to;
        this.from = from;
        this.numBytes = numBytes;
        this.sourceBytes = sourceBytes;
        this.ignore = ignore;
    }

    @Override
    void execute(Warp warp, int mask) {
        Launch launch = warp.cta.launch;
        Memory memory = launch.memory;
        byte[][] bytes = new byte[32][];
        int reading = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            bytes[lane] = new byte[numBytes];
            reading |= numRead(warp, lane) > 0 ? 1 << lane : 0;
        }
        read(warp, reading, memory, bytes);
        int good = memory.locate(this, warp, mask, to, numBytes, true);
        for (int rest = good; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            int offset = memory.offsets[lane];
            Allocation shared = memory.where[lane];
            if (shared != warp.cta.shared) {
                launch.report.at(this, warp, lane).fault(FaultKind.OUT_OF_BOUNDS, "the destination of " + source.name()
                        + " is not in shared memory", memory.address(lane), shared);
                continue;
            }
            memory.notOrdinary(this, warp, lane, numBytes);
            memory.noteWrite(this, warp, lane, numBytes, false, AccessLog.Same.NO);
            shared.fillStates(offset, numBytes, Allocation.IN_FLIGHT);
            warp.copies.add(this, shared, bytes[lane], offset, lane);
        }
        launch.counters.asyncCopyBytes += (long) Integer.bitCount(good) * numBytes;
    }

    private int numRead(Warp warp, int lane) {
        if (ignore != null && (warp.predicates[ignore.at()] >>> lane & 1) != 0) {
            return 0;
        }
        return sourceBytes == null ? numBytes : Math.min(numBytes, warp.ints[sourceBytes.at() + lane]);
    }

    private void read(Warp warp, int mask, Memory memory, byte[][] bytes) {
        int whole = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            whole |= numRead(warp, lane) == numBytes ? 1 << lane : 0;
        }
        fetch(warp, whole, memory, bytes, numBytes);
        for (int rest = mask & ~whole; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            fetch(warp, 1 << lane, memory, bytes, Integer.highestOneBit(numRead(warp, lane)));
        }
    }

    private void fetch(Warp warp, int mask, Memory memory, byte[][] bytes, int size) {
        int good = mask == 0 ? 0 : memory.locate(this, warp, mask, from, size, false);
        for (int rest = good; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            int offset = memory.offsets[lane];
            memory.noteRead(this, warp, lane, size, AccessLog.Strength.WEAK);
            if (!memory.where[lane].isWritten(offset, size)) {
                warp.cta.launch.report.at(this, warp, lane).fault(FaultKind.UNINITIALISED, source.name()
                        + " reads memory that nobody wrote", memory.address(lane), memory.where[lane]);
            }
            System.arraycopy(memory.where[lane].data(), offset, bytes[lane], 0, numRead(warp, lane));
        }
    }
}
