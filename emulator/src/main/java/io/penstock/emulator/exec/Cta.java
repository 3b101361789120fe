package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Agent;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Handover;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** A thread block that runs: its warps, shared memory and barriers. */
final class Cta {
    final Launch launch;
    final Warp[] warps;
    final Allocation shared;
    final int numThreads;
    final Set<Integer> ends = new HashSet<>();
    final PhaseBarriers phaseBarriers;
    final RegisterPool registers;
    final LaunchWaits launchWaits;
    Barriers barriers;
    WarpGroup[] groups;
    Cluster cluster;
    int rank;
    int index;
    int numLive;

    Cta(Launch launch, Program program) {
        this.launch = launch;
        this.numThreads = launch.blockX * launch.blockY * launch.blockZ;
        this.warps = new Warp[(numThreads + 31) / 32];
        int sharedBytes = program.dynamicOffset + launch.dynamicSharedBytes;
        this.shared = sharedBytes == 0 ? null : new Allocation("shared memory", 0, sharedBytes);
        this.phaseBarriers = new PhaseBarriers(this);
        this.registers = new RegisterPool(this, program);
        this.launchWaits = new LaunchWaits(this);
        for (int i = 0; i < warps.length; i++) {
            warps[i] = new Warp(this, i, program);
        }
    }

    /** What warps of its cluster hand over to each other. */
    Handover newHandover() {
        return new Handover(cluster.ctas.length, warps.length);
    }

    /** The block of its cluster that has some shared memory. */
    Cta of(Allocation sharedMemory) {
        for (Cta cta : cluster.ctas) {
            if (cta.shared == sharedMemory) {
                return cta;
            }
        }
        throw new IllegalStateException(sharedMemory.name());
    }

    /** Begins a block of a cluster whose blocks know their indices; the object is used for one after the other. */
    void start(Cluster inCluster, Program program) {
        cluster = inCluster;
        numLive = numThreads;
        ends.clear();
        barriers = new Barriers(this);
        phaseBarriers.clear();
        registers.start();
        launchWaits.clear();
        groups = program.usesWarpGroups ? WarpGroup.of(this) : null;
        if (shared != null) {
            shared.fillStates(0, shared.sizeBytes(), Allocation.GAP);
            for (Program.SharedVariable variable : program.shared) {
                shared.fillStates(variable.offset(), variable.sizeBytes(), Allocation.UNWRITTEN);
            }
            if (program.usesReserved) {
                // Nobody says what is in it, but it is there to be read: the runtime's own code puts it in order.
                Arrays.fill(shared.data(), 0, Program.RESERVED_BYTES, (byte) -1);
                shared.fillStates(0, Program.RESERVED_BYTES, Allocation.WRITTEN);
            }
            shared.fillStates(program.dynamicOffset, launch.dynamicSharedBytes, Allocation.UNWRITTEN);
            shared.forgetAccesses();
            shared.ofBlock(index);
        }
        Program.Function entry = program.functions.get(program.entry.name());
        for (Warp warp : warps) {
            int numLanes = Math.min(32, numThreads - 32 * warp.index);
            warp.live = numLanes == 32 ? -1 : (1 << numLanes) - 1;
            warp.exited = 0;
            warp.numInstructions = 0;
            warp.sinceSpin = 0;
            warp.agent = new Agent(cluster.indices(), rank, warp.index, warps.length, launch.publications,
                    launch.startTime);
            warp.agent.advance(launch.tick());
            warp.copies.clear();
            warp.stores.clear();
            warp.clusterOver = 0;
            warp.asked = null;
            warp.matrix.start();
            Arrays.fill(warp.frame, 0);
            program.prepare(warp);
            if (warp.local != null) {
                warp.local.fillStates(0, warp.local.sizeBytes(), Allocation.GAP);
                for (int lane = 0; lane < 32; lane++) {
                    entry.clearFrame(warp, lane);
                }
            }
            warp.splits.start(program.entryPc, warp.live);
        }
    }

    /** Threads ended; {@code end} is the last place where they did something. */
    void exited(int numEnded, int end) {
        numLive -= numEnded;
        ends.add(end);
        launch.progressed();
        barriers.exited();
        cluster.tryComplete();
        if (numLive == 0) {
            ended();
        }
    }

    private void ended() {
        cluster.ended(this);
        reportGroups();
        if (launch.inFront != null && !launchWaits.any()) {
            Op last = warps[0].program.code[Math.max(0, ends.iterator().next())];
            launch.report.at(last, warps[0], 0).fault(FaultKind.LAUNCH_ORDER, "block " + index + " ends without"
                    + " griddepcontrol.wait: the launch behind this one could begin before " + launch.inFront.kernel()
                    + ", which is in front of it, has ended");
        }
        Flight flight = phaseBarriers.anyFlight();
        if (flight != null) {
            launch.report.at(flight.op(), warps[0], 0).fault(FaultKind.MISSING_ASYNC_WAIT, flight.op().source.name()
                    + " is still bringing bytes to shared memory of block " + index + ", which ends");
        }
    }

    private void reportGroups() {
        for (WarpGroup group : groups == null ? new WarpGroup[0] : groups) {
            group.reportDifferent();
        }
    }

    /** Warps of a warpgroup that wait for each other look again. */
    void wakeGroup(int group) {
        for (int i = group * WarpGroup.NUM_WARPS; i < Math.min(warps.length, (group + 1) * WarpGroup.NUM_WARPS); i++) {
            warps[i].splits.releaseHeld();
        }
    }

    /** Warps that wait for something to change look again. */
    void wake() {
        for (Warp warp : warps) {
            warp.splits.releaseHeld();
        }
    }

    boolean isDone() {
        return numLive == 0;
    }

    /** The threads that wait can go on no more; false if nothing helps. */
    boolean force() {
        for (Warp warp : warps) {
            if (warp.live != 0 && warp.splits.force()) {
                return true;
            }
        }
        return false;
    }

    /** Reports why nobody can go on. */
    void reportStuck(String why) {
        barriers.reportStuck();
        StringBuilder text = new StringBuilder();
        Warp first = warps[0];
        for (Cta cta : cluster.ctas) {
            cta.phaseBarriers.reportStuck();
            cta.reportGroups();
            text.append(cta.describe());
        }
        for (Warp warp : warps) {
            first = first.live == 0 || first.asked == null && warp.live != 0 && warp.asked != null ? warp : first;
        }
        Op op = first.program.code[first.splits.place()];
        launch.report.at(op, first, first.live == 0 ? 0 : Integer.numberOfTrailingZeros(first.live))
                .fault(FaultKind.DEADLOCK, why + cluster.describe() + text);
    }

    private String describe() {
        StringBuilder text = new StringBuilder(barriers.describe()).append(phaseBarriers.describe())
                .append(registers.describe());
        for (Warp warp : warps) {
            if (warp.live != 0) {
                text.append("\n  block ").append(index).append(", warp ").append(warp.index).append(": ")
                        .append(warp.splits.describe());
                if (warp.asked != null) {
                    text.append(", waits for ").append(warp.asked.describe(launch.program, launch.dynamicSharedBytes));
                }
            }
        }
        return text.toString();
    }
}
