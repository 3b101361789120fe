package io.penstock.emulator.exec;

/**
 * The lanes of a warp by where they are. Those of one place run together; of several places the one that comes first
 * in the program runs, so that the others are caught up with and join. Lanes that spin give way to the others.
 */
final class Splits {
    private enum State {
        READY,
        /** Waits for other lanes of the warp. */
        WARP,
        /** Waits at a barrier of the block. */
        BLOCK,
        /** Waits for something to change, and looks again then. */
        HELD
    }

    private static final int MAX_STRETCH = 20_000;

    int pc;
    int mask;
    int lastBranch;
    int switchPc = Integer.MAX_VALUE;
    boolean sawStrong;
    boolean isForced;
    boolean yields;
    private final Warp warp;
    private final int[] pcs = new int[32];
    private final int[] masks = new int[32];
    private final int[] branches = new int[32];
    private final State[] states = new State[32];
    private final boolean[] forced = new boolean[32];
    private int num;
    private int stretch;
    private boolean isFair;

    Splits(Warp warp) {
        this.warp = warp;
    }

    void start(int entry, int lanes) {
        num = 0;
        pc = entry;
        mask = lanes;
        isFair = false;
        isForced = false;
        yields = false;
        updateSwitch();
    }

    /** The present lanes asked in vain whether something is over, and no others are ready: the warp may pause. */
    boolean pauses() {
        boolean pauses = yields;
        yields = false;
        for (int i = 0; i < num && pauses; i++) {
            pauses = states[i] != State.READY;
        }
        return pauses;
    }

    boolean isAlone() {
        return num == 0;
    }

    private void add(int atPc, int lanes, State state) {
        pcs[num] = atPc;
        masks[num] = lanes;
        branches[num] = lastBranch;
        states[num] = state;
        forced[num] = false;
        num++;
    }

    private void remove(int i) {
        num--;
        pcs[i] = pcs[num];
        masks[i] = masks[num];
        branches[i] = branches[num];
        states[i] = states[num];
        forced[i] = forced[num];
    }

    /** Some of the present lanes go elsewhere; the others stay at {@code pc}. */
    void depart(int lanes, int toPc) {
        mask &= ~lanes;
        add(toPc, lanes, State.READY);
        updateSwitch();
    }

    /** The present lanes wait for others of the warp, here. */
    void awaitWarp() {
        add(pc, mask, State.WARP);
        mask = 0;
    }

    /** The present lanes wait at a barrier of the block; they go on behind it. */
    void awaitBlock() {
        add(pc + 1, mask, State.BLOCK);
        mask = 0;
    }

    /** The present lanes wait here until {@link #releaseHeld}, and execute the operation again. */
    void hold() {
        add(pc, mask, State.HELD);
        mask = 0;
    }

    void releaseHeld() {
        for (int i = 0; i < num; i++) {
            states[i] = states[i] == State.HELD ? State.READY : states[i];
        }
    }

    /** Lanes that wait for others of the warp at the place of the present ones. */
    int waitingHere() {
        int lanes = 0;
        for (int i = 0; i < num; i++) {
            lanes |= states[i] == State.WARP && pcs[i] == pc ? masks[i] : 0;
        }
        return lanes;
    }

    /** Those go on with the present ones. */
    void joinWaiting() {
        for (int i = num - 1; i >= 0; i--) {
            if (states[i] == State.WARP && pcs[i] == pc) {
                mask |= masks[i];
                remove(i);
            }
        }
        updateSwitch();
    }

    /** Lanes of a barrier that is complete are ready. */
    void releaseBlock(int lanes) {
        for (int i = 0; i < num; i++) {
            if (states[i] == State.BLOCK && (masks[i] & lanes) == masks[i]) {
                states[i] = State.READY;
            }
        }
    }

    /** The present lanes are where they may loop for what others do: those get a turn. */
    boolean giveWay() {
        sawStrong = false;
        stretch = 0;
        if (num == 0) {
            return true;
        }
        int from = pc;
        add(pc, mask, State.READY);
        mask = 0;
        isFair = true;
        int best = -1;
        for (int i = 0; i < num; i++) {
            if (states[i] == State.READY && (best < 0 || distance(from, pcs[i]) < distance(from, pcs[best]))) {
                best = i;
            }
        }
        resume(best);
        switchPc = Integer.MAX_VALUE;
        return true;
    }

    private static int distance(int from, int to) {
        return to > from ? to - from : to - from + (1 << 28);
    }

    private void resume(int i) {
        pc = pcs[i];
        mask = masks[i];
        lastBranch = branches[i];
        isForced = forced[i];
        remove(i);
        join();
    }

    private void join() {
        for (int i = num - 1; i >= 0; i--) {
            if (states[i] == State.READY && pcs[i] == pc && forced[i] == isForced) {
                mask |= masks[i];
                remove(i);
            }
        }
        updateSwitch();
    }

    private void updateSwitch() {
        switchPc = Integer.MAX_VALUE;
        for (int i = 0; i < num && !isFair; i++) {
            if (states[i] == State.READY) {
                switchPc = Math.min(switchPc, pcs[i]);
            }
        }
    }

    /** Called where the present lanes may have met or passed others. */
    void meet() {
        if (num == 0) {
            return;
        }
        if (isFair || ++stretch > MAX_STRETCH) {
            if (stretch > MAX_STRETCH) {
                giveWay();
                return;
            }
            join();
            return;
        }
        if (pc >= switchPc) {
            if (pc > switchPc) {
                add(pc, mask, State.READY);
                mask = 0;
                pick();
            } else {
                join();
            }
        }
    }

    /** A new turn of the warp: what comes first in the program runs again. */
    void newTurn() {
        if (isFair) {
            isFair = false;
            updateSwitch();
        }
    }

    /** Makes the first of the ready lanes the present ones; false if there are none. */
    boolean pick() {
        while (true) {
            int best = -1;
            for (int i = 0; i < num; i++) {
                if (states[i] == State.READY && (best < 0 || pcs[i] < pcs[best])) {
                    best = i;
                }
            }
            if (best >= 0) {
                resume(best);
                return true;
            }
            if (!wake()) {
                return false;
            }
        }
    }

    /** Lanes that wait for others of the warp that have ended, or wait elsewhere for them. */
    private boolean wake() {
        boolean any = false;
        for (int i = 0; i < num; i++) {
            if (states[i] == State.WARP) {
                WarpSync op = (WarpSync) warp.program.code[pcs[i]];
                int needed = op.needed(warp, masks[i]);
                int there = op.meetsAnywhere() ? waitingLike(op, needed) : masks[i];
                if ((there & needed) == needed) {
                    states[i] = State.READY;
                    forced[i] = there != masks[i];
                    any = true;
                }
            }
        }
        return any;
    }

    private int waitingLike(WarpSync op, int needed) {
        int lanes = 0;
        for (int i = 0; i < num; i++) {
            if (states[i] == State.WARP) {
                WarpSync other = (WarpSync) warp.program.code[pcs[i]];
                boolean isLike = other.getClass() == op.getClass() && other.needed(warp, masks[i]) == needed;
                lanes |= isLike ? masks[i] : 0;
            }
        }
        return lanes;
    }

    /** Nothing else runs: lanes that wait in vain for others of the warp are reported, and go on. */
    boolean force() {
        boolean any = false;
        for (int i = 0; i < num; i++) {
            if (states[i] == State.WARP) {
                WarpSync op = (WarpSync) warp.program.code[pcs[i]];
                op.reportAbsent(warp, masks[i], op.needed(warp, masks[i]) & ~masks[i], describe());
                states[i] = State.READY;
                forced[i] = true;
                any = true;
            }
        }
        return any;
    }

    /** A place where lanes are. */
    int place() {
        int at = mask != 0 ? pc : num == 0 ? pc : states[0] == State.BLOCK ? pcs[0] - 1 : pcs[0];
        return Math.min(at, warp.program.code.length - 1);
    }

    /** Where everybody is, for a dump. */
    String describe() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < num; i++) {
            Op op = warp.program.code[states[i] == State.BLOCK ? pcs[i] - 1 : pcs[i]];
            text.append(i == 0 ? "" : "; ").append(String.format("lanes %08x at line %d (%s)", masks[i], op.line(),
                    op.source.name()));
        }
        if (mask != 0) {
            Op op = warp.program.code[pc];
            text.append(num == 0 ? "" : "; ")
                    .append(String.format("lanes %08x at line %d (%s)", mask, op.line(), op.source.name()));
        }
        return text.toString();
    }
}
