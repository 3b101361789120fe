package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.EngineStamp;

/**
 * cp.async.bulk to shared memory, of one block of the cluster or of several: an mbarrier beside each destination counts
 * the bytes.
 */
final class BulkCopy extends Op {
    /** Source, destination and size must be multiples of it. */
    static final int UNIT = 16;

    private final Address to;
    private final Address from;
    private final Slot size;
    private final Address barrier;
    private final Slot blocks;

    /** @param blocks a mask of ranks in the cluster, or null */
    BulkCopy(Address to, Address from, Slot size, Address barrier, Slot blocks) {
        this.to = to;
        this.from = from;
        this.size = size;
        this.barrier = barrier;
        this.blocks = blocks;
        this.sources = blocks == null ? new Slot[] {size} : new Slot[] {size, blocks};
    }

    @Override
    void execute(Warp warp, int mask) {
        warp.splits.sawStrong = true;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            one(warp, Integer.numberOfTrailingZeros(rest));
        }
    }

    /** Whether a number of bytes is one that can be copied; others are reported. */
    static boolean isPossible(Op op, Warp warp, int lane, long numBytes) {
        if (numBytes % UNIT != 0) {
            warp.cta.launch.report.at(op, warp, lane).fault(FaultKind.MISALIGNED, op.source.name() + " of " + numBytes
                    + " bytes: only multiples of " + UNIT + " are possible");
            return false;
        }
        return numBytes > 0;
    }

    private void one(Warp warp, int lane) {
        Memory memory = warp.cta.launch.memory;
        long numBytes = warp.read(size, lane);
        if (!isPossible(this, warp, lane, numBytes) || !memory.locateRange(this, warp, lane, from, numBytes, false)) {
            return;
        }
        var origin = new BulkStores.Span(memory.where[lane], memory.offsets[lane], (int) numBytes);
        if (!origin.memory().isShared()) {
            memory.countGlobal(origin, false);
        }
        if (!memory.locateRange(this, warp, lane, to, numBytes, true)) {
            return;
        }
        Allocation target = memory.where[lane];
        int offset = memory.offsets[lane];
        if (memory.locateUncounted(this, warp, 1 << lane, barrier, 8, true) == 0) {
            return;
        }
        Allocation barrierMemory = memory.where[lane];
        int barrierOffset = memory.offsets[lane];
        if (!target.isShared() || barrierMemory != target) {
            memory.report(this, warp, lane, FaultKind.OUT_OF_BOUNDS, "destination and barrier of " + source.name()
                    + " are not in the shared memory of one block");
            return;
        }
        Cluster cluster = warp.cta.cluster;
        if (blocks == null) {
            send(warp, lane, new Flight(this, warp.cta.of(target), origin, offset),
                    barrierOffset);
            return;
        }
        long ranks = warp.read(blocks, lane) & 0xFFFF;
        if (ranks >>> cluster.ctas.length != 0) {
            memory.report(this, warp, lane, FaultKind.OUT_OF_BOUNDS, source.name() + " to the blocks of mask "
                    + Long.toHexString(ranks) + " of a cluster of " + cluster.ctas.length);
        }
        for (Cta cta : cluster.ctas) {
            if ((ranks >>> cta.rank & 1) != 0 && (cta == warp.cta || cluster.mayTouch(this, warp, lane, cta.shared))) {
                send(warp, lane, new Flight(this, cta, origin, offset), barrierOffset);
            }
        }
    }

    private void send(Warp warp, int lane, Flight flight, int barrierOffset) {
        Launch launch = warp.cta.launch;
        Memory memory = launch.memory;
        Cta cta = flight.cta();
        memory.where[lane] = cta.shared;
        memory.offsets[lane] = barrierOffset;
        PhaseBarrier counter = cta.phaseBarriers.at(barrierOffset);
        if (counter == null) {
            memory.report(this, warp, lane, FaultKind.UNINITIALISED, source.name()
                    + " with a barrier that was not initialised, or is no more");
            return;
        }
        EngineStamp stamp = EngineStamp.of(launch.tick(), index, counter.engine, cta.index);
        memory.noteEngineUseOfBarrier(this, warp, lane, counter, stamp);
        if (!memory.readByEngine(this, warp, flight.from(), stamp, null)) {
            return;
        }
        memory.where[lane] = cta.shared;
        memory.offsets[lane] = flight.offset();
        memory.writeByEngine(this, warp, lane, flight.numBytes(), stamp);
        cta.shared.fillStates(flight.offset(), flight.numBytes(), Allocation.IN_FLIGHT);
        counter.add(flight);
        launch.counters.bulkCopyBytes += flight.numBytes();
        launch.progressed();
        requireExpected(this, warp, lane, counter, flight.numBytes());
    }

    /** Reports bytes that were sent to a barrier which waits for fewer, and for nothing else. */
    static void requireExpected(Op op, Warp warp, int lane, PhaseBarrier counter, int numBytes) {
        if (counter.isOverfull()) {
            warp.cta.launch.report.at(op, warp, lane).fault(FaultKind.BARRIER_DIVERGENCE, op.source.name() + " brings "
                    + numBytes + " bytes to a barrier that expects "
                    + (counter.missingBytes() - counter.flyingBytes() + numBytes) + " more in its phase");
            counter.expectBytes(counter.flyingBytes() - counter.missingBytes());
        }
    }
}
