package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** setmaxnreg: a warp takes registers, and waits until others have given them back, or gives some back. */
final class SetMaxRegisters extends TogetherAll {
    private final int numRegisters;
    private final boolean isMore;

    SetMaxRegisters(int numRegisters, boolean isMore) {
        this.numRegisters = numRegisters;
        this.isMore = isMore;
    }

    @Override
    void together(Warp warp, int mask) {
        throw new IllegalStateException();
    }

    @Override
    boolean meet(Warp warp, int mask) {
        RegisterPool pool = warp.cta.registers;
        if (pool.isBounded()) {
            int now = pool.of(warp);
            if (isMore ? numRegisters < now : numRegisters > now) {
                warp.cta.launch.report.at(this, warp, 0).fault(FaultKind.BARRIER_DIVERGENCE, source.name() + " "
                        + numRegisters + " of a warp whose threads have " + now + " registers");
            } else if (!pool.set(warp, numRegisters)) {
                warp.splits.hold();
                return false;
            }
            WarpGroup.of(warp, this).noteRegisters(this, warp);
        }
        warp.splits.pc++;
        return true;
    }
}
