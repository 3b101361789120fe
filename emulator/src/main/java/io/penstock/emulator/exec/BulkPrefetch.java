package io.penstock.emulator.exec;

/** cp.async.bulk.prefetch.L2: what it names must be there, and nothing else comes of it. */
final class BulkPrefetch extends Op {
    private final Address from;
    private final Slot size;

    BulkPrefetch(Address from, Slot size) {
        this.from = from;
        this.size = size;
        this.sources = new Slot[] {size};
    }

    @Override
    void execute(Warp warp, int mask) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long numBytes = warp.read(size, lane);
            if (BulkCopy.isPossible(this, warp, lane, numBytes)) {
                warp.cta.launch.memory.findRange(this, warp, lane, from, numBytes, false);
            }
        }
    }
}
