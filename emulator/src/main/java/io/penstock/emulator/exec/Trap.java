package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** trap and brkpt: the kernel itself says that it cannot go on. */
final class Trap extends Op {
    @Override
    void execute(Warp warp, int mask) {
        warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(mask))
                .fault(FaultKind.UNSUPPORTED, "the kernel executes " + source.name() + ", and the launch ends");
        throw new AbortedException();
    }
}
