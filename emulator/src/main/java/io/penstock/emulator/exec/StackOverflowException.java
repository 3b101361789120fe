package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** Calls need more local memory than a lane has. */
final class StackOverflowException extends AbortedException {
    private static final long serialVersionUID = 1L;

    StackOverflowException(Op op, Warp warp, int lane) {
        warp.cta.launch.report.at(op, warp, lane).fault(FaultKind.OUT_OF_BOUNDS, "the stack of a thread overflows: "
                + warp.program.localBytes + " bytes, " + warp.calls.depth(lane) + " calls deep");
    }
}
