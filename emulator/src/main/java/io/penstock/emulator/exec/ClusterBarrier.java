package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** barrier.cluster.arrive and wait. */
final class ClusterBarrier extends WarpSync {
    private final boolean waits;
    private final boolean isAligned;
    private final boolean isOrdered;

    /** @param isOrdered whether what was done before is known afterwards */
    ClusterBarrier(boolean waits, boolean isAligned, boolean isOrdered) {
        this.waits = waits;
        this.isAligned = isAligned;
        this.isOrdered = isOrdered;
    }

    @Override
    int needed(Warp warp, int mask) {
        return isAligned ? warp.live : mask;
    }

    @Override
    void together(Warp warp, int mask) {
        throw new IllegalStateException();
    }

    @Override
    boolean meet(Warp warp, int mask) {
        Cluster cluster = warp.cta.cluster;
        if (!waits) {
            cluster.arrive(this, warp, mask, isOrdered);
        } else if (!cluster.hasArrived(warp, mask)) {
            warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(mask)).fault(
                    FaultKind.BARRIER_DIVERGENCE, source.name() + " of threads that have not arrived");
        } else if ((mask & ~warp.clusterOver) != 0) {
            warp.splits.hold();
            return false;
        } else {
            warp.clusterOver &= ~mask;
            if (isOrdered) {
                warp.agent.take(cluster.completed());
            }
            warp.synchronise(mask);
        }
        warp.splits.pc++;
        return true;
    }
}
