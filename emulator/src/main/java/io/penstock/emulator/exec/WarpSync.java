package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** An operation that lanes of a warp execute together: those that come first wait for the others. */
abstract class WarpSync extends Control {
    /** The lanes that must come, out of those that have not ended. */
    abstract int needed(Warp warp, int mask);

    /** What happens when they are there. */
    abstract void together(Warp warp, int mask);

    /** Whether lanes may meet that execute the operation at different places. */
    boolean meetsAnywhere() {
        return false;
    }

    @Override
    final boolean control(Warp warp, int mask) {
        Splits splits = warp.splits;
        if (mask != splits.mask) {
            int absent = splits.mask & ~mask;
            if (mask == 0) {
                splits.pc++;
                return true;
            }
            splits.depart(absent, splits.pc + 1);
        }
        int here = mask | splits.waitingHere();
        int needed = needed(warp, mask);
        if ((here & needed) != needed && !splits.isForced) {
            splits.awaitWarp();
            return false;
        }
        if (here != mask) {
            splits.joinWaiting();
        }
        splits.isForced = false;
        return meet(warp, here);
    }

    /** Executes it, and says whether the lanes go on. */
    boolean meet(Warp warp, int mask) {
        together(warp, mask);
        warp.splits.pc++;
        return true;
    }

    /** Lanes wait for others that wait elsewhere. */
    void reportAbsent(Warp warp, int mask, int absent, String where) {
        warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(mask)).fault(FaultKind.BARRIER_DIVERGENCE,
                String.format("lanes %08x wait in %s for lanes %08x, which wait elsewhere: %s", mask, source.name(),
                        absent, where));
    }
}
