package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** bar and barrier: threads of a block wait for each other, arrive without waiting, or vote as well. */
final class BlockBarrier extends WarpSync {
    /** What beside waiting. */
    enum Vote {
        NONE,
        AND,
        OR,
        COUNT
    }

    private final Slot id;
    private final Slot count;
    private final boolean waits;
    private final boolean isAligned;
    private Vote vote = Vote.NONE;
    private Slot ballot;
    private boolean ballotIsNegated;
    private Slot result;

    BlockBarrier(Slot id, Slot count, boolean waits, boolean isAligned) {
        this.id = id;
        this.count = count;
        this.waits = waits;
        this.isAligned = isAligned;
    }

    void vote(Vote how, Slot predicate, boolean isNegated, Slot to) {
        vote = how;
        ballot = predicate;
        ballotIsNegated = isNegated;
        result = to;
        sources = new Slot[] {predicate};
    }

    boolean waits() {
        return waits;
    }

    boolean isAligned() {
        return isAligned;
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
        int lane = Integer.numberOfTrailingZeros(mask);
        int which = warp.ints[id.at() + lane];
        int expected = count == null ? 0 : warp.ints[count.at() + lane];
        Report report = warp.cta.launch.report.at(this, warp, lane);
        if (which < 0 || which > 15) {
            report.fault(FaultKind.OUT_OF_BOUNDS, "barrier " + which + ": 0 to 15 are possible");
            which &= 15;
        }
        int votes = 0;
        if (vote != Vote.NONE) {
            int undefined = warp.undefined[ballot.id()] & mask;
            if (undefined != 0) {
                report.fault(FaultKind.UNINITIALISED, "a vote with a predicate that nobody wrote");
            }
            int yes = warp.predicates[ballot.at()];
            votes = Integer.bitCount((ballotIsNegated ? ~yes : yes) & mask);
        }
        warp.cta.barriers.arrive(which, expected, warp, this, mask, votes);
        if (waits) {
            warp.splits.awaitBlock();
        } else {
            warp.splits.pc++;
        }
        warp.cta.barriers.tryComplete(which);
        return !waits;
    }

    /** Gives the threads that waited the result of their vote. */
    void deliver(Warp warp, int mask, int votes, int numArrived) {
        if (vote == Vote.NONE) {
            return;
        }
        warp.undefined[result.id()] &= ~mask;
        if (vote == Vote.COUNT) {
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                warp.ints[result.at() + Integer.numberOfTrailingZeros(rest)] = votes;
            }
            return;
        }
        boolean yes = vote == Vote.OR ? votes > 0 : votes >= Math.min(numArrived, warp.cta.numLive);
        warp.predicates[result.at()] = yes ? warp.predicates[result.at()] | mask : warp.predicates[result.at()] & ~mask;
    }
}
