package io.penstock.emulator.exec;

/** The address of a variable in the function's frame. */
final class FrameAddress extends Op {
    private final long offset;

    FrameAddress(Slot target, long offset) {
        this.targets = new Slot[] {target};
        this.offset = offset;
    }

    @Override
    void execute(Warp warp, int mask) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            warp.write(targets[0], lane, warp.frame[lane] + offset);
        }
    }
}
