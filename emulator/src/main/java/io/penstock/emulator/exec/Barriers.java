package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.Handover;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The 16 barriers of a block. */
final class Barriers {
    private record Arrival(Warp warp, BlockBarrier op, int mask, int place) {}

    private static final class State {
        private final List<Arrival> arrivals = new ArrayList<>();
        private final Set<Integer> pcs = new LinkedHashSet<>();
        private Handover handover;
        private int expected;
        private int numArrived;
        private int votes;
    }

    private final Cta cta;
    private final State[] states = new State[16];

    Barriers(Cta cta) {
        this.cta = cta;
        for (int i = 0; i < states.length; i++) {
            states[i] = new State();
        }
    }

    /** @param expected threads that must arrive, or 0 for all that have not ended */
    void arrive(int id, int expected, Warp warp, BlockBarrier op, int mask, int votes) {
        State state = states[id];
        if (state.arrivals.isEmpty()) {
            state.expected = expected;
        } else if (state.expected != expected) {
            cta.launch.report.at(op, warp, Integer.numberOfTrailingZeros(mask)).fault(FaultKind.BARRIER_DIVERGENCE,
                    "barrier " + id + " is reached with a count of " + expected + ", and at line "
                            + state.arrivals.getFirst().op().line() + " with " + state.expected);
        }
        int now = cta.launch.tick();
        if (state.handover == null) {
            state.handover = cta.newHandover();
        }
        warp.agent.give(state.handover, now, -1);
        int place = warp.calls.outermost(Integer.numberOfTrailingZeros(mask), op.index);
        state.arrivals.add(new Arrival(warp, op, mask, place));
        state.pcs.add(place);
        boolean wholeWarp = op.isAligned() && (warp.live & ~mask) == 0 && expected > 0;
        state.numArrived += wholeWarp ? 32 : Integer.bitCount(mask);
        state.votes += votes;
        warp.agent.advance(cta.launch.tick());
    }

    /** Completes a barrier that everybody reached; whether it did. */
    boolean tryComplete(int id) {
        State state = states[id];
        int needed = state.expected == 0 ? cta.numLive : state.expected;
        if (state.arrivals.isEmpty() || state.numArrived < needed) {
            return false;
        }
        if (state.expected == 0) {
            checkPassed(id, state);
        }
        cta.launch.counters.barriers++;
        cta.launch.progressed();
        order(state);
        for (Arrival arrival : state.arrivals) {
            if (arrival.op().waits()) {
                arrival.op().deliver(arrival.warp(), arrival.mask(), state.votes, state.numArrived);
                arrival.warp().splits.releaseBlock(arrival.mask());
            }
        }
        state.arrivals.clear();
        state.handover.clear();
        state.pcs.clear();
        state.numArrived = 0;
        state.votes = 0;
        return true;
    }

    private void order(State state) {
        int now = cta.launch.tick();
        boolean[] isThere = new boolean[cta.warps.length];
        for (Arrival arrival : state.arrivals) {
            isThere[arrival.warp().index] |= arrival.op().waits();
        }
        boolean all = true;
        for (Warp warp : cta.warps) {
            all &= isThere[warp.index] || warp.live == 0;
        }
        if (all) {
            state.handover.blockDone(cta.rank, now);
        }
        for (Arrival to : state.arrivals) {
            if (to.op().waits()) {
                to.warp().agent.take(state.handover);
                to.warp().agent.advance(now + 1);
            }
        }
        cta.launch.tick();
    }

    /** A thread that goes past a barrier at which others wait takes part in another one, or in none. */
    private void checkPassed(int id, State state) {
        PostDominators ways = cta.warps[0].program.postDominators;
        for (int pc : state.pcs) {
            Arrival first = arrivalAt(state, pc);
            for (int other : state.pcs) {
                if (pc != other && ways.leadsThrough(pc, other) && !ways.leadsThrough(other, pc)) {
                    reportPassed(id, first, "wait at the barrier at line "
                            + cta.warps[0].program.code[other].line());
                }
            }
        }
        if (cta.numLive < cta.numThreads) {
            for (int pc : state.pcs) {
                Arrival first = arrivalAt(state, pc);
                for (int end : cta.ends) {
                    if (end != pc && ways.leadsThrough(pc, end) && !ways.leadsThrough(end, pc)) {
                        reportPassed(id, first, "have gone past it, and ended");
                    }
                }
            }
        }
    }

    private static Arrival arrivalAt(State state, int place) {
        for (Arrival arrival : state.arrivals) {
            if (arrival.place() == place) {
                return arrival;
            }
        }
        return state.arrivals.getFirst();
    }

    private void reportPassed(int id, Arrival arrival, String what) {
        cta.launch.report.at(arrival.op(), arrival.warp(), Integer.numberOfTrailingZeros(arrival.mask())).fault(
                FaultKind.BARRIER_DIVERGENCE, "some threads of the block wait at barrier " + id + " while others "
                        + what);
    }

    /** A thread ended: barriers that waited for it only are complete. */
    void exited() {
        for (int id = 0; id < states.length; id++) {
            if (!states[id].arrivals.isEmpty() && states[id].expected == 0) {
                tryComplete(id);
            }
        }
    }

    /** Nobody can go on: the barriers that some never reached. */
    void reportStuck() {
        boolean someEnded = cta.numLive < cta.numThreads;
        int numWaiting = 0;
        for (State state : states) {
            numWaiting += state.arrivals.isEmpty() ? 0 : 1;
        }
        for (int id = 0; id < states.length; id++) {
            State state = states[id];
            if (!state.arrivals.isEmpty() && (someEnded || numWaiting == 1)) {
                Arrival first = state.arrivals.getFirst();
                int needed = state.expected == 0 ? cta.numLive : state.expected;
                cta.launch.report.at(first.op(), first.warp(), Integer.numberOfTrailingZeros(first.mask())).fault(
                        FaultKind.BARRIER_DIVERGENCE, "barrier " + id + " waits for " + needed + " threads, "
                                + state.numArrived + " came and no others will");
            }
        }
    }

    String describe() {
        StringBuilder text = new StringBuilder();
        for (int id = 0; id < states.length; id++) {
            State state = states[id];
            if (!state.arrivals.isEmpty()) {
                text.append("\n  barrier ").append(id).append(": ").append(state.numArrived).append(" of ")
                        .append(state.expected == 0 ? cta.numLive : state.expected).append(" threads");
            }
        }
        return text.toString();
    }
}
