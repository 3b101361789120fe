package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** What is PTX and not executed here: only a kernel that comes to it is refused, and there the launch ends. */
final class Unsupported extends Op {
    private final String problem;

    Unsupported(String problem) {
        this.problem = problem;
    }

    @Override
    void execute(Warp warp, int mask) {
        warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(mask))
                .fault(FaultKind.UNSUPPORTED, problem + ", and the launch ends");
        throw new AbortedException();
    }
}
