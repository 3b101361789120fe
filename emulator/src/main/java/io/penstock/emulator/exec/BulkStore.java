package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;

/** cp.async.bulk and cp.reduce.async.bulk from shared to global memory, in the groups of the thread. */
final class BulkStore extends Op {
    private final Address to;
    private final Address from;
    private final Slot size;
    private final Atomic.Update update;
    private final int elementBytes;

    /** @param update of each element, of a size in bytes; null for a copy */
    BulkStore(Address to, Address from, Slot size, Atomic.Update update, int elementBytes) {
        this.to = to;
        this.from = from;
        this.size = size;
        this.update = update;
        this.elementBytes = elementBytes;
        this.sources = new Slot[] {size};
    }

    boolean reduces() {
        return update != null;
    }

    @Override
    void execute(Warp warp, int mask) {
        Memory memory = warp.cta.launch.memory;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long numBytes = warp.read(size, lane);
            if (!BulkCopy.isPossible(this, warp, lane, numBytes)
                    || !memory.locateRange(this, warp, lane, from, numBytes, false)) {
                continue;
            }
            var origin = new BulkStores.Span(memory.where[lane], memory.offsets[lane], (int) numBytes);
            if (origin.memory() != warp.cta.shared) {
                memory.report(this, warp, lane, FaultKind.OUT_OF_BOUNDS, "the source of " + source.name()
                        + " is not in the block's shared memory");
                continue;
            }
            if (memory.locateRange(this, warp, lane, to, numBytes, true)) {
                var target = new BulkStores.Span(memory.where[lane], memory.offsets[lane], (int) numBytes);
                memory.countGlobal(target, true);
                warp.stores.add(this, lane, origin, target);
            }
        }
    }

    /** Puts bytes where they belong. */
    void write(byte[] bytes, Allocation target, int offset) {
        if (update == null) {
            System.arraycopy(bytes, 0, target.data(), offset, bytes.length);
            return;
        }
        long within = elementBytes == 8 ? -1 : (1L << 8 * elementBytes) - 1;
        for (int i = 0; i < bytes.length; i += elementBytes) {
            long old = Bytes.read(target.data(), offset + i, elementBytes);
            Bytes.write(target.data(), offset + i, elementBytes,
                    update.apply(old, Bytes.read(bytes, i, elementBytes), 0) & within);
        }
    }
}
