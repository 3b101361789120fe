package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;

/**
 * mbarrier: a barrier in 8 bytes of shared memory. PTX leaves the bytes open; here they are, from the lowest bit:
 * arrivals still missing (20), arrivals of a phase (20), number of the phase.
 */
final class MemoryBarrier extends Op {
    /** What of it. */
    enum Kind {
        INIT,
        INVALIDATE,
        ARRIVE,
        DROP,
        /** Arrives when the thread's asynchronous copies have: here that is at once. */
        ARRIVE_AFTER_COPIES,
        TEST,
        TEST_PARITY
    }

    private static final int BITS = 20;
    private static final long FIELD = (1L << BITS) - 1;

    private final Kind kind;
    private final Address address;
    private final Slot operand;
    private final Slot result;

    /**
     * @param operand the count, the state or the parity; null for a count of 1
     * @param result null if nobody wants it
     */
    MemoryBarrier(Kind kind, Address address, Slot operand, Slot result) {
        this.kind = kind;
        this.address = address;
        this.operand = operand;
        this.result = result;
        if (operand != null) {
            sources = new Slot[] {operand};
        }
        if (result != null) {
            targets = new Slot[] {result};
        }
    }

    /** Arrivals that a state waits for. */
    static long numMissing(long state) {
        return state & FIELD;
    }

    @Override
    void execute(Warp warp, int mask) {
        Memory memory = warp.cta.launch.memory;
        if (kind == Kind.ARRIVE_AFTER_COPIES) {
            warp.copies.commit(mask);
            warp.copies.await(warp, mask, 0);
        }
        warp.splits.sawStrong = true;
        int good = memory.locate(this, warp, mask, address, 8, true);
        for (int rest = good; rest != 0; rest &= rest - 1) {
            one(warp, Integer.numberOfTrailingZeros(rest), memory);
        }
        if (kind == Kind.ARRIVE || kind == Kind.DROP || kind == Kind.ARRIVE_AFTER_COPIES) {
            warp.synchronise();
        }
    }

    private void one(Warp warp, int lane, Memory memory) {
        Allocation allocation = memory.where[lane];
        int offset = memory.offsets[lane];
        if (kind == Kind.INIT || kind == Kind.INVALIDATE) {
            long count = kind == Kind.INIT ? warp.read(operand, lane) & FIELD : 0;
            memory.noteWrite(this, warp, lane, 8, false, AccessLog.Same.NO);
            Bytes.writeLong(allocation.data(), offset, count << BITS | count);
            allocation.fillStates(offset, 8, kind == Kind.INIT ? Allocation.WRITTEN : Allocation.UNWRITTEN);
            return;
        }
        if (!allocation.isWritten(offset, 8)) {
            warp.cta.launch.report.at(this, warp, lane).fault(FaultKind.UNINITIALISED, source.name()
                    + " of a barrier that was not initialised", memory.address(lane), allocation);
        }
        long state = Bytes.readLong(allocation.data(), offset);
        if (kind == Kind.TEST || kind == Kind.TEST_PARITY) {
            memory.noteRead(this, warp, lane, 8, AccessLog.Strength.STRONG);
            long phase = state >>> 2 * BITS;
            long asked = warp.read(operand, lane);
            boolean isOver = kind == Kind.TEST ? phase != asked >>> 2 * BITS : (phase & 1) != (asked & 1);
            int bit = 1 << lane;
            int others = warp.predicates[result.at()] & ~bit;
            warp.predicates[result.at()] = isOver ? others | bit : others;
            return;
        }
        arrive(warp, lane, memory, state);
    }

    private void arrive(Warp warp, int lane, Memory memory, long state) {
        long count = operand == null ? 1 : warp.read(operand, lane) & FIELD;
        long missing = (state & FIELD) - count;
        long all = (state >>> BITS & FIELD) - (kind == Kind.DROP ? count : 0);
        long phase = state >>> 2 * BITS;
        if (missing < 0) {
            warp.cta.launch.report.at(this, warp, lane).fault(FaultKind.BARRIER_DIVERGENCE,
                    "more arrivals at a barrier than it expects: " + (state >>> BITS & FIELD));
            missing = 0;
        }
        if (missing == 0) {
            missing = all;
            phase++;
        }
        memory.noteAtomic(this, warp, lane, 8, true, false);
        Bytes.writeLong(memory.where[lane].data(), memory.offsets[lane], phase << 2 * BITS | all << BITS | missing);
        memory.where[lane].setWritten(memory.offsets[lane], 8);
        if (result != null) {
            warp.write(result, lane, state);
        }
    }
}
