package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Handover;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Blocks that run at the same time and reach each other's shared memory. An address there has the block's rank, plus
 * one, in its upper byte; without it, it is the thread's own block's.
 */
final class Cluster {
    private static final int RANK_SHIFT = 24;
    private static final int OFFSET = (1 << RANK_SHIFT) - 1;

    private record RemoteAccess(Op op, Warp warp, int lane, long stamp) {}

    final Cta[] ctas;
    private final int[] arrived;
    private final Handover arriving;
    private final Handover completed;
    private final List<Map<Integer, RemoteAccess>> accesses = new ArrayList<>();
    private int numArrived;
    private int generation;

    Cluster(Cta[] ctas) {
        this.ctas = ctas;
        int numWarps = ctas[0].warps.length;
        this.arrived = new int[ctas.length * numWarps];
        this.arriving = new Handover(ctas.length, numWarps);
        this.completed = new Handover(ctas.length, numWarps);
        for (Cta unused : ctas) {
            accesses.add(new TreeMap<>());
        }
    }

    int[] indices() {
        int[] indices = new int[ctas.length];
        for (int rank = 0; rank < ctas.length; rank++) {
            indices[rank] = ctas[rank].index;
        }
        return indices;
    }

    static int offset(int address) {
        return address & OFFSET;
    }

    /** The address of what a block has where another has it; its own addresses stay as they are. */
    static int mapped(Cta own, int address, int rank) {
        return address & OFFSET | (rank == own.rank ? 0 : rank + 1 << RANK_SHIFT);
    }

    /** Whether an address is one of the block's own, and not mapped from another. */
    static boolean isOwn(int address) {
        return address >>> RANK_SHIFT == 0;
    }

    /** The rank of the block that an address leads to. */
    static int rank(Cta own, int address) {
        int rank = address >>> RANK_SHIFT;
        return rank == 0 ? own.rank : rank - 1;
    }

    /** The block that an address leads to, or null. */
    Cta blockAt(Cta own, int address) {
        int rank = rank(own, address);
        return rank < ctas.length ? ctas[rank] : null;
    }

    /** Reports an access of another block's shared memory before it surely began, or after it ended. */
    boolean mayTouch(Op op, Warp warp, int lane, Allocation shared) {
        Cta cta = warp.cta.of(shared);
        Report report = warp.cta.launch.report.at(op, warp, lane);
        if (cta.isDone()) {
            report.fault(FaultKind.OUT_OF_BOUNDS, op.source.name() + " touches shared memory of block " + cta.index
                    + " of the cluster, which has ended");
            return false;
        }
        if (!warp.agent.knowsOf(cta.rank)) {
            report.fault(FaultKind.RACE_SHARED, op.source.name() + " touches shared memory of block " + cta.index
                    + " of the cluster, which need not have begun: nothing orders the two");
        }
        noteAccess(op, warp, lane, cta);
        return true;
    }

    /** A block must not end before it knows that others are done with its shared memory. */
    void noteAccess(Op op, Warp warp, int lane, Cta cta) {
        int thread = (warp.cta.rank * warp.cta.warps.length + warp.index) * 32 + lane;
        accesses.get(cta.rank).put(thread,
                new RemoteAccess(op, warp, lane, warp.agent.stamp(lane, op.index, false)));
    }

    /** A block has ended. */
    void ended(Cta cta) {
        for (RemoteAccess access : accesses.get(cta.rank).values()) {
            boolean isKnown = false;
            for (Warp warp : cta.warps) {
                isKnown |= warp.agent.knows(access.stamp(), access.warp().cta.index);
            }
            if (!isKnown) {
                cta.launch.report.at(access.op(), access.warp(), access.lane()).fault(FaultKind.OUT_OF_BOUNDS,
                        access.op().source.name() + " touches shared memory of block " + cta.index
                                + " of the cluster, which ends without knowing of it");
            }
        }
        accesses.get(cta.rank).clear();
    }

    /** Gives its blocks back when all have ended. */
    void reuse(Collection<Cta> free) {
        if (numLive() == 0) {
            free.addAll(List.of(ctas));
        }
    }

    private int numLive() {
        int numLive = 0;
        for (Cta cta : ctas) {
            numLive += cta.numLive;
        }
        return numLive;
    }

    /** barrier.cluster.arrive of some lanes. */
    void arrive(Op op, Warp warp, int mask, boolean isRelease) {
        int at = warp.cta.rank * warp.cta.warps.length + warp.index;
        if ((arrived[at] & mask) != 0) {
            warp.cta.launch.report.at(op, warp, Integer.numberOfTrailingZeros(arrived[at] & mask)).fault(
                    FaultKind.BARRIER_DIVERGENCE, op.source.name() + " for a second time without a wait in between");
        }
        numArrived += Integer.bitCount(mask & ~arrived[at]);
        arrived[at] |= mask;
        if (isRelease) {
            warp.agent.give(arriving, warp.cta.launch.tick(), (warp.live & ~mask) == 0 ? -1 : mask);
        }
        warp.synchronise(mask);
        tryComplete();
    }

    /** Whether lanes have arrived, so that they may wait. */
    boolean hasArrived(Warp warp, int mask) {
        int at = warp.cta.rank * warp.cta.warps.length + warp.index;
        return (mask & ~warp.clusterOver & ~arrived[at]) == 0;
    }

    /** All that run have arrived: those that wait go on. */
    void tryComplete() {
        if (numArrived == 0 || numArrived < numLive()) {
            return;
        }
        numArrived = 0;
        generation++;
        Cta first = ctas[0];
        for (Cta cta : ctas) {
            for (Warp warp : cta.warps) {
                int at = cta.rank * cta.warps.length + warp.index;
                warp.clusterOver |= arrived[at];
                arrived[at] = 0;
                warp.splits.releaseHeld();
            }
        }
        completed.join(arriving);
        arriving.clear();
        first.launch.counters.barriers++;
        first.launch.progressed();
    }

    /** What those that arrived knew. */
    Handover completed() {
        return completed;
    }

    String describe() {
        return ctas.length == 1 && numArrived == 0 ? "" : "\n  barrier of the cluster: " + numArrived + " of "
                + numLive() + " threads, after " + generation + " phases";
    }
}
