package io.penstock.emulator.exec;

import io.penstock.emulator.check.LaunchCounters;

/** The loop: fetch, guard, execute. */
final class Interpreter {
    private final Op[] code;
    private final LaunchCounters counters;
    private final Report report;

    Interpreter(Op[] code, LaunchCounters counters, Report report) {
        this.code = code;
        this.counters = counters;
        this.report = report;
    }

    /** Runs a warp until it waits, ends, or has used its budget; the instructions it executed. */
    int run(Warp warp, int budget) {
        Splits splits = warp.splits;
        splits.newTurn();
        if (splits.mask == 0 && !splits.pick()) {
            return 0;
        }
        int used = 0;
        while (used < budget) {
            used++;
            Op op = code[splits.pc];
            int mask = splits.mask;
            if (op.guard >= 0) {
                mask = guarded(op, warp, mask);
            }
            warp.numInstructions += Integer.bitCount(mask);
            if (op instanceof Control control) {
                if (op.matrixSlots != null && mask != 0) {
                    warp.matrix.touch(op, mask);
                }
                boolean goesOn = control.control(warp, mask);
                if (splits.yields && splits.mask != 0 && splits.pauses()) {
                    break;
                }
                if (!goesOn) {
                    if (splits.mask == 0 && !splits.pick()) {
                        break;
                    }
                } else {
                    splits.meet();
                }
            } else {
                if (mask != 0) {
                    if (op.matrixSlots != null) {
                        warp.matrix.touch(op, mask);
                    }
                    op.run(warp, mask);
                }
                splits.pc++;
                if (splits.pc >= splits.switchPc) {
                    splits.meet();
                }
            }
        }
        counters.warpInstructions += used;
        return used;
    }

    private int guarded(Op op, Warp warp, int mask) {
        int undefined = warp.undefined[op.guardId] & mask;
        if (undefined != 0) {
            report.at(op, warp, Integer.numberOfTrailingZeros(undefined)).undefinedGuard();
            warp.setDefined(op.guardId, undefined);
        }
        int predicate = warp.predicates[op.guard];
        return mask & (op.guardNegated ? ~predicate : predicate);
    }
}
