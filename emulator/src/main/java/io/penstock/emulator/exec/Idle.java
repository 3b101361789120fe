package io.penstock.emulator.exec;

/** Instructions that change nothing here: prefetches, hints, pauses. A pause lets others run. */
final class Idle extends Op {
    private final boolean isPause;

    Idle(boolean isPause) {
        this.isPause = isPause;
    }

    @Override
    void execute(Warp warp, int mask) {
        if (isPause) {
            warp.splits.sawStrong = true;
        }
    }
}
