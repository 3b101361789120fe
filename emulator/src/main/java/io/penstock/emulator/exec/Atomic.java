package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;

/** atom and red. */
final class Atomic extends Op {
    /** The new value of memory; values are zero-extended bits. */
    interface Update {
        long apply(long old, long operand, long second);
    }

    private final Address address;
    private final int size;
    private final Update update;
    private final Slot result;
    private final boolean isRelease;
    private final boolean reads;

    /**
     * @param result null if nobody wants the old value
     * @param reads whether the new value depends on the old one
     */
    Atomic(Address address, int size, Update update, Slot[] operands, Slot result, boolean reads, boolean isRelease) {
        this.address = address;
        this.size = size;
        this.update = update;
        this.sources = operands;
        this.result = result;
        this.reads = reads;
        this.isRelease = isRelease;
    }

    /** Whether it is a compare-and-swap: who reads plainly what one writes expects either value. */
    boolean isSwap() {
        return source.has("cas");
    }

    /** Whether the variable only grows, only shrinks, or only gains or loses bits. */
    boolean isMonotone() {
        return source.has("min") || source.has("max") || source.has("and") || source.has("or");
    }

    @Override
    void run(Warp warp, int mask) {
        execute(warp, mask);
    }

    @Override
    void execute(Warp warp, int mask) {
        Launch launch = warp.cta.launch;
        Memory memory = launch.memory;
        int good = memory.locate(this, warp, mask, address, size, true);
        launch.counters.atomics += Integer.bitCount(mask);
        warp.splits.sawStrong = true;
        long within = size == 8 ? -1 : (1L << 8 * size) - 1;
        if (result != null) {
            warp.undefined[result.id()] &= ~mask;
        }
        for (int rest = good; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            Allocation allocation = memory.where[lane];
            int offset = memory.offsets[lane];
            long old = Bytes.read(allocation.data(), offset, size);
            long first = warp.read(sources[0], lane) & within;
            long second = sources.length > 1 ? warp.read(sources[1], lane) & within : 0;
            long now = update.apply(old, first, second) & within;
            checkDefined(warp, lane, memory);
            memory.noteAtomic(this, warp, lane, size, isRelease, now == old);
            Bytes.write(allocation.data(), offset, size, now);
            allocation.setWritten(offset, size);
            if (result != null) {
                warp.write(result, lane, old);
            }
        }
        if (isRelease) {
            warp.synchronise();
        }
    }

    private void checkDefined(Warp warp, int lane, Memory memory) {
        Allocation allocation = memory.where[lane];
        int offset = memory.offsets[lane];
        if (!allocation.isWritten(offset, size)) {
            if (!memory.notOrdinary(this, warp, lane, size) && reads) {
                warp.cta.launch.report.at(this, warp, lane).fault(FaultKind.UNINITIALISED,
                        source.name() + " of memory that nobody wrote", memory.address(lane), allocation);
            }
        }
        for (Slot slot : sources) {
            if (warp.isUndefined(slot, lane)) {
                warp.cta.launch.report.at(this, warp, lane).fault(FaultKind.UNINITIALISED, source.name()
                        + " with a value that was computed from what nobody wrote", memory.address(lane), allocation);
                warp.setDefined(slot.id(), 1 << lane);
            }
        }
    }
}
