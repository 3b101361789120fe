package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A warp's part of the matrix instructions that its warpgroup has issued and not waited for. Registers that they use
 * belong to them until then: sums are kept here, and the registers hold NaN that counts as undefined.
 */
final class MatrixQueue {
    private final Warp warp;
    private final List<Accumulator> running = new ArrayList<>();
    private final ArrayDeque<Long> groups = new ArrayDeque<>();
    private Accumulator[] bySlot;
    private Wgmma[] inputs;
    private long[] inputUntil;
    private boolean[] isTouched;
    private boolean isFenced;
    private long numIssued;
    private long numDone;

    MatrixQueue(Warp warp) {
        this.warp = warp;
    }

    void start() {
        running.clear();
        groups.clear();
        isFenced = false;
        numIssued = 0;
        numDone = 0;
        if (!warp.program.usesWarpGroups) {
            return;
        }
        if (bySlot == null) {
            int numSlots = warp.program.numSlots();
            bySlot = new Accumulator[numSlots];
            inputs = new Wgmma[numSlots];
            inputUntil = new long[numSlots];
            isTouched = new boolean[numSlots];
        }
        Arrays.fill(bySlot, null);
        Arrays.fill(inputs, null);
        Arrays.fill(isTouched, true);
    }

    /** An instruction of threads reads or writes registers that matrix instructions use. */
    void touch(Op op, int mask) {
        if (MatrixWatch.isMove(op)) {
            move(op, mask);
            return;
        }
        for (int id : op.matrixSlots) {
            isTouched[id] = true;
            Accumulator held = bySlot[id];
            if (held != null) {
                report(op, mask, held.last, "holds its sums");
                release(held);
            } else if (inputs[id] != null && inputUntil[id] >= numDone) {
                report(op, mask, inputs[id], "reads it");
                inputs[id] = null;
            }
        }
    }

    /** A move by itself touches nothing: its register takes the place of the other one. */
    private void move(Op op, int mask) {
        Slot to = op.targets[0];
        Slot from = op.sources[0];
        if (bySlot[to.id()] != null) {
            report(op, mask, bySlot[to.id()].last, "holds its sums");
            release(bySlot[to.id()]);
        } else if (inputs[to.id()] != null && inputUntil[to.id()] >= numDone) {
            report(op, mask, inputs[to.id()], "reads it");
            inputs[to.id()] = null;
        }
        Accumulator held = bySlot[from.id()];
        isTouched[to.id()] |= isTouched[from.id()];
        if (held != null) {
            held.rename(from, to);
            bySlot[to.id()] = held;
            bySlot[from.id()] = null;
        }
    }

    private void report(Op op, int mask, Wgmma by, String how) {
        warp.cta.launch.report.at(op, warp, Integer.numberOfTrailingZeros(mask)).fault(FaultKind.MISSING_ASYNC_WAIT,
                op.source.name() + " touches a register while " + by.source.name() + " at line " + by.line() + " "
                        + how + ": no wgmma.wait_group has waited for it");
    }

    /** wgmma.fence: what threads did with registers comes before what follows. */
    void fence() {
        isFenced = true;
        Arrays.fill(isTouched, false);
    }

    void commit() {
        groups.add(numIssued);
    }

    /** How many instructions are done when all groups but the latest are. */
    long doneWith(int numPending) {
        long done = numDone;
        int rest = groups.size() - numPending;
        for (long each : groups) {
            if (rest-- > 0) {
                done = each;
            }
        }
        return done;
    }

    /** The first instructions are done. */
    void complete(long done) {
        while (!groups.isEmpty() && groups.peek() <= done) {
            groups.poll();
        }
        numDone = Math.max(numDone, done);
        for (int i = running.size() - 1; i >= 0; i--) {
            if (running.get(i).until < done) {
                release(running.get(i));
            }
        }
    }

    private void release(Accumulator sums) {
        sums.store(warp);
        for (Slot slot : sums.slots) {
            bySlot[slot.id()] = null;
        }
        running.remove(sums);
    }

    /** The registers of an instruction: threads must not have touched them since the last fence. */
    void requireFence(Wgmma op, Slot[] slots) {
        boolean isOpen = !isFenced;
        for (Slot slot : slots) {
            isOpen |= isTouched[slot.id()];
        }
        if (isOpen) {
            warp.cta.launch.report.at(op, warp, 0).fault(FaultKind.MISSING_ASYNC_WAIT, op.source.name()
                    + " uses registers that threads touched before: there is no wgmma.fence in between");
            fence();
        }
    }

    /** Inputs in registers belong to an instruction until it is done. */
    void holdInputs(Wgmma op, Slot[] slots) {
        for (Slot slot : slots) {
            inputs[slot.id()] = op;
            inputUntil[slot.id()] = numIssued;
        }
    }

    /** The sums that an instruction adds to; those of one that is under way go on. */
    Accumulator accumulator(Wgmma op, Slot[] slots, boolean adds) {
        Accumulator held = bySlot[slots[0].id()];
        if (held != null && Arrays.equals(held.slots, slots)) {
            if (!adds) {
                held.reset();
            }
        } else {
            for (Slot slot : slots) {
                Accumulator other = bySlot[slot.id()];
                if (other != null) {
                    report(op, 1, other.last, "holds its sums in another order");
                    release(other);
                }
            }
            held = new Accumulator(slots, op.isHalf());
            if (adds) {
                held.load(warp);
            }
            held.poison(warp);
            for (Slot slot : slots) {
                bySlot[slot.id()] = held;
            }
            running.add(held);
        }
        held.last = op;
        held.until = numIssued++;
        return held;
    }
}
