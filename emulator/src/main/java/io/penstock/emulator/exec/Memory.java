package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.EngineStamp;
import io.penstock.emulator.memory.Footprint;
import io.penstock.emulator.memory.SeenWrites;
import io.penstock.emulator.memory.Stamp;
import io.penstock.emulator.ptx.StateSpace;

/** From addresses to bytes, with the checks of bounds, alignment and races. One per launch. */
final class Memory {
    final Allocation[] where = new Allocation[32];
    final int[] offsets = new int[32];
    private final long[] addresses = new long[32];
    private final Launch launch;
    private final Traffic traffic;
    private int numGlobal;
    private int numShared;

    Memory(Launch launch) {
        this.launch = launch;
        this.traffic = new Traffic(launch.counters);
    }

    /**
     * Finds the bytes of each lane of a mask in {@link #where} and {@link #offsets}; the lanes whose access is wrong
     * are reported and left out of the result.
     */
    int locate(Op op, Warp warp, int mask, Address address, int numBytes, boolean isWrite) {
        int good = locateUncounted(op, warp, mask, address, numBytes, isWrite);
        if (numGlobal > 0) {
            traffic.global(good, where, offsets, numBytes, isWrite);
        }
        if (numShared > 0) {
            traffic.shared(good, offsets, numBytes);
        }
        return good;
    }

    /** The same, of what is no traffic that anybody counts: how often a barrier is asked says nothing of a kernel. */
    int locateUncounted(Op op, Warp warp, int mask, Address address, int numBytes, boolean isWrite) {
        if (address.base() != null) {
            int undefined = warp.undefined[address.base().id()] & mask;
            if (undefined != 0) {
                launch.report.at(op, warp, Integer.numberOfTrailingZeros(undefined)).fault(FaultKind.UNINITIALISED,
                        op.source.name() + " at an address that was computed from what nobody wrote");
                warp.setDefined(address.base().id(), undefined);
            }
        }
        int good = 0;
        numGlobal = 0;
        numShared = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long at = address.of(warp, lane);
            addresses[lane] = at;
            Allocation found = find(warp, address, at, lane, numBytes);
            if (found == null) {
                reportOutside(op, warp, lane, address, at, numBytes, isWrite);
                continue;
            }
            if ((at & numBytes - 1) != 0) {
                launch.report.at(op, warp, lane).fault(FaultKind.MISALIGNED, op.source.name() + " of " + numBytes
                        + " bytes at an address that is not a multiple of " + numBytes, shown(warp, found, at), found);
                continue;
            }
            if (found.isShared() && found != warp.cta.shared && !warp.cta.cluster.mayTouch(op, warp, lane, found)) {
                continue;
            }
            where[lane] = found;
            checkInFront(op, warp, lane, numBytes, isWrite);
            good |= 1 << lane;
            numShared += found.isShared() ? 1 : 0;
            numGlobal += !found.isShared() && isRaced(warp, found) ? 1 : 0;
        }
        return good;
    }

    /** Reports what meets the launch in front, if this one may begin before that has ended and has not waited yet. */
    private void checkInFront(Op op, Warp warp, int lane, int numBytes, boolean isWrite) {
        Footprint inFront = launch.inFront;
        Allocation found = where[lane];
        if (inFront == null || found.isShared() || warp.cta.launchWaits.isBehind(warp, lane)) {
            return;
        }
        boolean isWritten = inFront.wrote(found, offsets[lane], numBytes);
        if (isWritten || isWrite && inFront.touched(found, offsets[lane], numBytes)) {
            report(op, warp, lane, FaultKind.RACE_LAUNCHES, op.source.name() + (isWrite ? " writes" : " reads")
                    + " before griddepcontrol.wait what " + inFront.kernel() + ", the launch in front, "
                    + (isWritten ? "writes" : "reads"));
        }
    }

    private Allocation find(Warp warp, Address address, long at, int lane, int numBytes) {
        if (address.isFrame()) {
            return local(warp, at, lane, numBytes);
        }
        if (address.isKernelParameter()) {
            return parameters(at, lane, numBytes);
        }
        return switch (address.space()) {
            case SHARED -> shared(warp.cta, at, lane, numBytes);
            case SHARED_CLUSTER -> cluster(warp, at, lane, numBytes);
            case LOCAL, PARAM -> local(warp, at, lane, numBytes);
            case GLOBAL, CONST -> global(at, lane, numBytes);
            case GENERIC -> switch ((int) (at >>> 32)) {
                case 1 -> cluster(warp, at & 0xFFFF_FFFFL, lane, numBytes);
                case 2 -> local(warp, at & 0xFFFF_FFFFL, lane, numBytes);
                case 3 -> parameters(at & 0xFFFF_FFFFL, lane, numBytes);
                default -> global(at, lane, numBytes);
            };
        };
    }

    private Allocation cluster(Warp warp, long at, int lane, int numBytes) {
        Cta cta = warp.cta.cluster.blockAt(warp.cta, (int) at);
        return cta == null ? null : shared(cta, Cluster.offset((int) at), lane, numBytes);
    }

    private Allocation shared(Cta cta, long at, int lane, int numBytes) {
        Allocation shared = cta.shared;
        if (shared == null || at < 0 || at + numBytes > shared.sizeBytes()) {
            return null;
        }
        int offset = (int) at;
        byte[] states = shared.states();
        if (states[offset] == Allocation.GAP || states[offset + numBytes - 1] == Allocation.GAP) {
            return null;
        }
        offsets[lane] = offset;
        return shared;
    }

    private Allocation local(Warp warp, long at, int lane, int numBytes) {
        int stride = warp.program.localBytes;
        if (warp.local == null || at < 0 || at + numBytes > stride) {
            return null;
        }
        int offset = lane * stride + (int) at;
        byte[] states = warp.local.states();
        if (states[offset] == Allocation.GAP || states[offset + numBytes - 1] == Allocation.GAP) {
            return null;
        }
        offsets[lane] = offset;
        return warp.local;
    }

    private Allocation parameters(long at, int lane, int numBytes) {
        if (at < 0 || at + numBytes > launch.parameters.sizeBytes()) {
            return null;
        }
        offsets[lane] = (int) at;
        return launch.parameters;
    }

    private Allocation global(long at, int lane, int numBytes) {
        Allocation found = launch.space.find(at);
        if (found == null || found.isFreed()) {
            return null;
        }
        long offset = at - found.address();
        if (offset < 0 || offset + numBytes > found.sizeBytes()) {
            return null;
        }
        offsets[lane] = (int) offset;
        return found;
    }

    private void reportOutside(Op op, Warp warp, int lane, Address address, long at, int numBytes, boolean isWrite) {
        Report report = launch.report.at(op, warp, lane);
        if (!report.log.wants(FaultKind.OUT_OF_BOUNDS, op.line())) {
            return;
        }
        String what = op.source.name() + " " + (isWrite ? "writes " : "reads ") + numBytes + " bytes ";
        StateSpace space = address.space();
        int window = (int) (at >>> 32);
        if (space == StateSpace.SHARED || space == StateSpace.SHARED_CLUSTER
                || space == StateSpace.GENERIC && window == 1) {
            String nearest = SharedNames.nearest(warp.program, (int) at, launch.dynamicSharedBytes);
            report.fault(FaultKind.OUT_OF_BOUNDS, what + "outside of shared memory, near " + nearest, at,
                    warp.cta.shared);
            return;
        }
        Allocation near = space == StateSpace.GLOBAL || space == StateSpace.CONST || space == StateSpace.GENERIC
                ? launch.space.find(at) : null;
        if (near == null) {
            String kind = space == StateSpace.LOCAL || address.isFrame() || window == 2 ? "outside of local memory"
                    : "where nothing is: 0x" + Long.toHexString(at);
            report.fault(FaultKind.OUT_OF_BOUNDS, what + kind, at, null);
            return;
        }
        String how = near.isFreed() ? "of memory that was given back: " : "outside of ";
        report.fault(FaultKind.OUT_OF_BOUNDS, what + how + near.name() + ", which has " + near.sizeBytes() + " bytes",
                at, near);
    }

    private long shown(Warp warp, Allocation allocation, long at) {
        return allocation.isShared() || allocation == warp.local ? at & 0xFFFF_FFFFL : at;
    }

    /** The address of a lane's bytes, as messages show it. */
    long address(int lane) {
        return addresses[lane];
    }

    private boolean isRaced(Warp warp, Allocation allocation) {
        return allocation != warp.local && allocation != launch.parameters && !allocation.isConstant();
    }

    private static long syncAddress(Allocation allocation, int offset) {
        return allocation.isShared() ? (long) allocation.block() << 20 | offset | 1L << 62
                : allocation.address() + offset;
    }

    void noteRead(Op op, Warp warp, int lane, int numBytes, AccessLog.Strength strength) {
        Allocation allocation = where[lane];
        if (!isRaced(warp, allocation)) {
            return;
        }
        int offset = offsets[lane];
        if (strength != AccessLog.Strength.WEAK) {
            warp.agent.strongRead(syncAddress(allocation, offset));
        }
        AccessLog log = allocation.accesses();
        boolean isStrict = allocation.isShared() || strength != AccessLog.Strength.BETWEEN_WARPS;
        long conflict = log.read(warp.agent, lane, offset, numBytes, op.index,
                isStrict ? strength : AccessLog.Strength.STRONG);
        if (conflict != 0 && !isAtomic(warp, conflict, strength)
                && !allocation.has(offset, numBytes, Allocation.IN_FLIGHT)) {
            race(op, warp, lane, conflict, log, true);
        }
    }

    private static boolean isAtomic(Warp warp, long stamp, AccessLog.Strength strength) {
        return strength == AccessLog.Strength.BETWEEN_WARPS && warp.program.code[Stamp.site(stamp)] instanceof Atomic;
    }

    void noteWrite(Op op, Warp warp, int lane, int numBytes, boolean isStrong, AccessLog.Same same) {
        Allocation allocation = where[lane];
        if (!isRaced(warp, allocation)) {
            return;
        }
        int offset = offsets[lane];
        AccessLog log = allocation.accesses();
        long conflict = log.write(warp.agent, lane, offset, numBytes, op.index, isStrong, same);
        if (conflict != 0) {
            race(op, warp, lane, conflict, log, false);
        }
        if (same == AccessLog.Same.NO) {
            launch.progressed();
        }
    }

    /** A strong write, plain or as part of an atomic operation; publishes what was fenced. */
    void noteStrongWrite(Warp warp, int lane, boolean isRelease) {
        Allocation allocation = where[lane];
        if (isRaced(warp, allocation)) {
            warp.agent.strongWrite(syncAddress(allocation, offsets[lane]), launch.tick(),
                    allocation.isShared(), isRelease);
        }
    }

    void noteAtomic(Op op, Warp warp, int lane, int numBytes, boolean isRelease, boolean isSilent) {
        Allocation allocation = where[lane];
        if (!isRaced(warp, allocation)) {
            return;
        }
        int offset = offsets[lane];
        launch.suspects.acquit(allocation, offset, warp.cta.index, warp.index);
        AccessLog log = allocation.accesses();
        int site = log.readAtomically(warp.agent, lane, offset, numBytes);
        if (site >= 0) {
            launch.suspects.looksBeforeItLeaps(site);
        }
        warp.agent.strongRead(syncAddress(allocation, offset));
        noteWrite(op, warp, lane, numBytes, true, isSilent ? AccessLog.Same.CONSTANT : AccessLog.Same.NO);
        noteStrongWrite(warp, lane, isRelease);
    }

    private void race(Op op, Warp warp, int lane, long conflict, AccessLog log, boolean isRead) {
        Allocation allocation = where[lane];
        boolean isShared = allocation.isShared();
        FaultKind kind = isShared ? FaultKind.RACE_SHARED : FaultKind.RACE_GLOBAL;
        Report report = launch.report.at(op, warp, lane);
        boolean otherIsRead = log.conflictIsRead();
        int cta = log.conflictCta();
        int offset = offsets[lane];
        Op other = warp.program.code[Stamp.site(conflict)];
        String who = Stamp.isEngine(conflict) ? "for block " + cta + ", and nobody has waited for it"
                : cta == warp.cta.index ? "warp " + Stamp.warp(conflict)
                + (Stamp.lane(conflict) == Stamp.MANY_LANES ? "" : ", lane " + Stamp.lane(conflict)) + " of this block"
                : "block " + cta + ", warp " + Stamp.warp(conflict);
        String message = op.source.name() + (isRead ? " reads" : " writes") + " what " + other.source.name()
                + " at line " + other.line() + (otherIsRead ? " reads" : " writes") + " (" + who
                + (log.conflictIsUnfenced() ? "), and no fence.proxy.async comes between the two"
                        : "), and nothing orders the two");
        String name = isShared ? " in " + SharedNames.nearest(warp.program, offset, launch.dynamicSharedBytes) : "";
        boolean isPlainReadOfAtomic = isRead ? Stamp.isStrong(conflict) && other instanceof Atomic
                : otherIsRead && op instanceof Atomic;
        if (isPlainReadOfAtomic) {
            Atomic atomic = (Atomic) (isRead ? other : op);
            if (isShared || !atomic.isSwap()) {
                Suspects.Reader reader = isRead ? new Suspects.Reader(warp.cta.index, warp.index, op.index)
                        : new Suspects.Reader(cta, Stamp.warp(conflict), other.index);
                launch.suspects.add(allocation, offset, reader, !isShared && atomic.isMonotone(),
                        report.fault(kind, message + name, addresses[lane], allocation, offset));
            }
        } else if (report.log.wants(kind, op.line())) {
            report.log.add(report.fault(kind, message + name, addresses[lane], allocation, offset));
        }
    }

    /** Finds a range of bytes of a lane, which begins at a multiple of 16; whether it is all there and is touched. */
    boolean locateRange(Op op, Warp warp, int lane, Address address, long numBytes, boolean isWrite) {
        boolean isThere = findRange(op, warp, lane, address, numBytes, isWrite);
        if (isThere) {
            checkInFront(op, warp, lane, (int) numBytes, isWrite);
        }
        return isThere;
    }

    /** The same of a range that nobody touches yet. */
    boolean findRange(Op op, Warp warp, int lane, Address address, long numBytes, boolean isWrite) {
        int bit = 1 << lane;
        if (address.base() != null && (warp.undefined[address.base().id()] & bit) != 0) {
            launch.report.at(op, warp, lane).fault(FaultKind.UNINITIALISED,
                    op.source.name() + " at an address that was computed from what nobody wrote");
            warp.setDefined(address.base().id(), bit);
        }
        long at = address.of(warp, lane);
        addresses[lane] = at;
        Allocation found = find(warp, address, at, lane, (int) Math.min(numBytes, Integer.MAX_VALUE));
        if (found == null || found.isShared() && found.has(offsets[lane], (int) numBytes, Allocation.GAP)) {
            reportOutside(op, warp, lane, address, at, (int) numBytes, isWrite);
            return false;
        }
        where[lane] = found;
        if (at % BulkCopy.UNIT != 0) {
            report(op, warp, lane, FaultKind.MISALIGNED, op.source.name() + " at an address that is not a multiple of "
                    + BulkCopy.UNIT);
            return false;
        }
        return !found.isShared() || found == warp.cta.shared || warp.cta.cluster.mayTouch(op, warp, lane, found);
    }

    void countGlobal(BulkStores.Span span, boolean isWrite) {
        traffic.globalRange(span.memory().address() + span.offset(), span.numBytes(), isWrite);
    }

    /** An engine reads bytes for a warp, at once or later; whether they are there. */
    boolean readByEngine(Op op, Warp warp, BulkStores.Span from, EngineStamp stamp, SeenWrites seen) {
        int lane = 0;
        Allocation allocation = from.memory();
        int offset = from.offset();
        int numBytes = from.numBytes();
        if (offset < 0 || offset + numBytes > allocation.sizeBytes()
                || allocation.states()[offset] == Allocation.GAP) {
            launch.report.at(op, warp, lane).fault(FaultKind.OUT_OF_BOUNDS, op.source.name() + " reads " + numBytes
                    + " bytes outside of shared memory, near "
                    + SharedNames.nearest(warp.program, offset, launch.dynamicSharedBytes), offset, allocation);
            return false;
        }
        where[lane] = allocation;
        offsets[lane] = offset;
        addresses[lane] = allocation.address() + offset;
        if (!allocation.isWritten(offset, numBytes)) {
            notOrdinary(op, warp, lane, numBytes);
        }
        if (allocation.isConstant()) {
            return true;
        }
        AccessLog log = allocation.accesses();
        long conflict = log.readByEngine(warp.agent, lane, stamp, offset, numBytes, seen);
        if (conflict != 0 && !allocation.has(offset, numBytes, Allocation.IN_FLIGHT)) {
            race(op, warp, lane, conflict, log, true);
        }
        return true;
    }

    /** An engine is going to write the bytes of a lane. */
    void writeByEngine(Op op, Warp warp, int lane, int numBytes, EngineStamp stamp) {
        Allocation allocation = where[lane];
        addresses[lane] = allocation.address() + offsets[lane];
        notOrdinary(op, warp, lane, numBytes);
        AccessLog log = allocation.accesses();
        long conflict = log.writeByEngine(warp.agent, lane, stamp, offsets[lane], numBytes);
        if (conflict != 0 && !allocation.has(offsets[lane], numBytes, Allocation.IN_FLIGHT)) {
            race(op, warp, lane, conflict, log, false);
        }
    }

    /** An engine is going to count bytes at the barrier of a lane: it must be there for engines. */
    void noteEngineUseOfBarrier(Op op, Warp warp, int lane, PhaseBarrier barrier, EngineStamp stamp) {
        AccessLog log = where[lane].accesses();
        long conflict = log.readByEngine(warp.agent, lane, stamp, offsets[lane], 8, null);
        if (conflict != 0 && !(log.conflictIsUnfenced() && barrier.isFenced())) {
            race(op, warp, lane, conflict, log, true);
        }
    }

    /** Reports something at the address of a lane's bytes. */
    void report(Op op, Warp warp, int lane, FaultKind kind, String message) {
        Allocation allocation = where[lane];
        String name = allocation.isShared()
                ? " (" + SharedNames.nearest(warp.program, offsets[lane], launch.dynamicSharedBytes) + ")" : "";
        launch.report.at(op, warp, lane).fault(kind, message + name, addresses[lane], allocation);
    }

    /** Reports an access of bytes that are a barrier, or the destination of a copy under way; whether they are. */
    boolean notOrdinary(Op op, Warp warp, int lane, int numBytes) {
        Allocation allocation = where[lane];
        if (allocation.isWritten(offsets[lane], numBytes)) {
            return false;
        }
        if (allocation.has(offsets[lane], numBytes, Allocation.IN_FLIGHT)) {
            inFlight(op, warp, lane, numBytes);
            return true;
        }
        if (allocation.has(offsets[lane], numBytes, Allocation.BARRIER)) {
            report(op, warp, lane, FaultKind.RACE_SHARED, op.source.name()
                    + " touches an mbarrier as if it were ordinary memory");
            return true;
        }
        return false;
    }

    private void inFlight(Op op, Warp warp, int lane, int numBytes) {
        Allocation allocation = where[lane];
        AccessLog log = allocation.accesses();
        boolean isOrdered = log.followsWrite(warp.agent, lane, offsets[lane]);
        FaultKind kind = isOrdered ? FaultKind.MISSING_ASYNC_WAIT : FaultKind.RACE_SHARED;
        Flight flight = allocation.isShared()
                ? warp.cta.of(allocation).phaseBarriers.flightTo(offsets[lane], numBytes) : null;
        if (flight != null || !allocation.isShared()) {
            report(op, warp, lane, FaultKind.MISSING_ASYNC_WAIT, op.source.name() + " touches bytes that "
                    + (flight == null ? "a bulk copy" : flight.op().source.name() + " at line " + flight.op().line())
                    + " is still bringing: " + (flight == null ? "its group is not waited for"
                            : "its barrier's phase is not waited for"));
            return;
        }
        launch.report.at(op, warp, lane).fault(kind, op.source.name() + " touches bytes that an asynchronous copy is"
                + " still bringing" + (isOrdered ? ": the thread that issued it has not waited for it"
                        : ", and nothing orders the two") + " ("
                + SharedNames.nearest(warp.program, offsets[lane], launch.dynamicSharedBytes) + ")", addresses[lane],
                allocation);
    }
}
