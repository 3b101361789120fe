package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.AccessLog;
import io.penstock.emulator.memory.Allocation;
import io.penstock.emulator.memory.Bytes;

/** Instructions of an mbarrier; what it is, is a {@link PhaseBarrier}, and in memory there is only its state. */
final class MemoryBarrier extends Op {
    /** What of it. */
    enum Kind {
        INIT,
        INVALIDATE,
        ARRIVE,
        ARRIVE_NO_COMPLETE,
        /** Announces bytes, and arrives. */
        ARRIVE_EXPECT,
        DROP,
        DROP_NO_COMPLETE,
        DROP_EXPECT,
        EXPECT,
        COMPLETE,
        /** Arrives when the thread's asynchronous copies have: here that is at once. */
        ARRIVE_AFTER_COPIES,
        TEST,
        TEST_PARITY;

        private boolean arrives() {
            return switch (this) {
                case ARRIVE, ARRIVE_NO_COMPLETE, ARRIVE_EXPECT, DROP, DROP_NO_COMPLETE, DROP_EXPECT,
                        ARRIVE_AFTER_COPIES -> true;
                default -> false;
            };
        }

        private boolean expects() {
            return this == ARRIVE_EXPECT || this == DROP_EXPECT || this == EXPECT;
        }

        private boolean drops() {
            return this == DROP || this == DROP_NO_COMPLETE || this == DROP_EXPECT;
        }

        private boolean mustNotComplete() {
            return this == ARRIVE_NO_COMPLETE || this == DROP_NO_COMPLETE;
        }
    }

    private final Kind kind;
    private final Address address;
    private final Slot operand;
    private final Slot result;
    private final boolean isRelaxed;

    /**
     * @param operand the count, the bytes, the state or the parity; null for a count of 1
     * @param result null if nobody wants it
     */
    MemoryBarrier(Kind kind, Address address, Slot operand, Slot result, boolean isRelaxed) {
        this.kind = kind;
        this.address = address;
        this.operand = operand;
        this.result = result;
        this.isRelaxed = isRelaxed;
        if (operand != null) {
            sources = new Slot[] {operand};
        }
        if (result != null) {
            targets = new Slot[] {result};
        }
    }

    @Override
    void execute(Warp warp, int mask) {
        Memory memory = warp.cta.launch.memory;
        if (kind == Kind.ARRIVE_AFTER_COPIES) {
            warp.copies.commit(mask);
            warp.copies.await(warp, mask, 0);
        }
        warp.splits.sawStrong = true;
        int good = memory.locateUncounted(this, warp, mask, address, 8, true);
        for (int rest = good; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            if (!memory.where[lane].isShared()) {
                memory.report(this, warp, lane, FaultKind.OUT_OF_BOUNDS, source.name()
                        + " at an address that is not in shared memory");
            } else if (kind == Kind.INIT || kind == Kind.INVALIDATE) {
                initialise(warp, lane, memory);
            } else {
                use(warp, lane, memory, (warp.live & ~mask) == 0 ? -1 : 1 << lane);
            }
        }
        if (kind.arrives()) {
            warp.synchronise(mask);
        }
    }

    private void initialise(Warp warp, int lane, Memory memory) {
        Allocation allocation = memory.where[lane];
        int offset = memory.offsets[lane];
        Cta cta = warp.cta.of(allocation);
        if (kind == Kind.INVALIDATE && allocation.states()[offset] != Allocation.BARRIER) {
            memory.report(this, warp, lane, FaultKind.UNINITIALISED, "mbarrier.inval of a barrier that was not"
                    + " initialised");
        }
        PhaseBarrier old = cta.phaseBarriers.at(offset);
        if (old != null && !old.flights().isEmpty()) {
            memory.report(this, warp, lane, FaultKind.MISSING_ASYNC_WAIT, source.name()
                    + " of a barrier to which copies are still bringing bytes (line "
                    + old.flights().getFirst().op().line() + ")");
        }
        memory.noteWrite(this, warp, lane, 8, false, AccessLog.Same.NO);
        if (kind == Kind.INVALIDATE) {
            cta.phaseBarriers.remove(offset);
            allocation.fillStates(offset, 8, Allocation.UNWRITTEN);
            return;
        }
        long count = warp.read(operand, lane);
        if (count < 1 || count > PhaseBarrier.MAX) {
            memory.report(this, warp, lane, FaultKind.BARRIER_DIVERGENCE, "a barrier for " + count
                    + " arrivals: 1 to " + PhaseBarrier.MAX + " are possible");
            count = Math.clamp(count, 1, PhaseBarrier.MAX);
        }
        if (allocation.has(offset, 8, Allocation.IN_FLIGHT)) {
            memory.notOrdinary(this, warp, lane, 8);
        }
        PhaseBarrier barrier = cta.phaseBarriers.initialise(offset, warp, (int) count);
        Bytes.writeLong(allocation.data(), offset, barrier.state());
        allocation.fillStates(offset, 8, Allocation.BARRIER);
    }

    private void use(Warp warp, int lane, Memory memory, int members) {
        boolean isTest = kind == Kind.TEST || kind == Kind.TEST_PARITY;
        Allocation allocation = memory.where[lane];
        int offset = memory.offsets[lane];
        Cta cta = warp.cta.of(allocation);
        PhaseBarrier barrier = cta.phaseBarriers.at(offset);
        if (barrier == null || allocation.states()[offset] != Allocation.BARRIER) {
            memory.report(this, warp, lane, FaultKind.UNINITIALISED, source.name()
                    + " of a barrier that was not initialised, or is no more");
            if (isTest) {
                answer(warp, lane, true);
            }
            return;
        }
        memory.noteRead(this, warp, lane, 8, AccessLog.Strength.STRONG);
        if (isTest) {
            test(warp, lane, memory, barrier);
        } else {
            change(warp, lane, memory, barrier, members);
        }
        Bytes.writeLong(allocation.data(), offset, barrier.state());
    }

    private void test(Warp warp, int lane, Memory memory, PhaseBarrier barrier) {
        long asked = warp.read(operand, lane);
        boolean isOfPresent = kind == Kind.TEST ? barrier.phase() == PhaseBarrier.phase(asked)
                : (barrier.phase() & 1) == (asked & 1);
        if (isOfPresent) {
            barrier.settle(warp.cta.launch);
        }
        long ahead = kind == Kind.TEST ? barrier.phase() - PhaseBarrier.phase(asked) : 0;
        if (ahead < 0 || ahead > 1) {
            memory.report(this, warp, lane, FaultKind.BARRIER_DIVERGENCE, source.name() + " asks for phase "
                    + PhaseBarrier.phase(asked) + " of a barrier that is in phase " + barrier.phase()
                    + ": only that one and the one before it can be asked for");
        }
        boolean isOver = kind == Kind.TEST ? ahead != 0 : (barrier.phase() & 1) != (asked & 1);
        answer(warp, lane, isOver);
        if (isOver && !isRelaxed) {
            warp.agent.take(barrier.over());
        }
        warp.splits.yields |= !isOver;
        warp.asked = isOver ? null : barrier;
    }

    private void answer(Warp warp, int lane, boolean isOver) {
        int bit = 1 << lane;
        int others = warp.predicates[result.at()] & ~bit;
        warp.predicates[result.at()] = isOver ? others | bit : others;
    }

    private void change(Warp warp, int lane, Memory memory, PhaseBarrier barrier, int members) {
        Launch launch = warp.cta.launch;
        long before = barrier.state();
        if (kind.expects()) {
            barrier.expectedBy(new PhaseBarrier.Asker(this, warp, lane));
        }
        if (kind.expects() || kind == Kind.COMPLETE) {
            long numBytes = warp.read(operand, lane);
            barrier.expectBytes(kind == Kind.COMPLETE ? -numBytes : numBytes);
            if (numBytes > PhaseBarrier.MAX || Math.abs(barrier.missingBytes()) > PhaseBarrier.MAX) {
                memory.report(this, warp, lane, FaultKind.BARRIER_DIVERGENCE, source.name() + " of " + numBytes
                        + " bytes leaves " + barrier.missingBytes() + ": a barrier counts " + PhaseBarrier.MAX);
            }
        }
        if (kind.arrives()) {
            arrive(warp, lane, memory, barrier);
            if (!isRelaxed) {
                warp.agent.give(barrier.arriving(), launch.tick(), members);
            }
        }
        if (barrier.isOverfull()) {
            memory.report(this, warp, lane, FaultKind.BARRIER_DIVERGENCE, source.name() + " leaves "
                    + barrier.missingBytes() + " bytes to come, and " + barrier.flyingBytes()
                    + " are on their way to the barrier" + flyingFrom(barrier));
            barrier.expectBytes(barrier.flyingBytes() - barrier.missingBytes());
        }
        barrier.settleWithoutBytes(launch);
        if (kind.mustNotComplete() && barrier.phase() != PhaseBarrier.phase(before)) {
            memory.report(this, warp, lane, FaultKind.BARRIER_DIVERGENCE, source.name()
                    + " completes the phase, which it promises not to");
        }
        if (result != null) {
            warp.write(result, lane, before);
        }
    }

    private static String flyingFrom(PhaseBarrier barrier) {
        return barrier.flights().isEmpty() ? ""
                : ", the last of line " + barrier.flights().getLast().op().line();
    }

    private void arrive(Warp warp, int lane, Memory memory, PhaseBarrier barrier) {
        int count = operand == null || kind.expects() ? 1 : (int) Math.min(PhaseBarrier.MAX, warp.read(operand, lane));
        if (kind != Kind.ARRIVE_AFTER_COPIES && count < 1) {
            memory.report(this, warp, lane, FaultKind.BARRIER_DIVERGENCE, source.name() + " with a count of 0");
        }
        if (count > barrier.missing()) {
            String bytes = barrier.missing() == 0 && barrier.missingBytes() > 0
                    ? ", and " + barrier.missingBytes() + " bytes of the phase are still to come" : "";
            memory.report(this, warp, lane, FaultKind.BARRIER_DIVERGENCE,
                    "more arrivals at a barrier than it expects: " + barrier.expected() + " a phase, "
                            + barrier.missing() + " missing" + bytes);
        }
        barrier.arrive(count, kind.drops());
        warp.cta.launch.progressed();
    }
}
