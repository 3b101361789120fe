package io.penstock.emulator.exec;

/** Two comparisons of one instruction. */
final class Both extends Op {
    private final Compare low;
    private final Compare high;

    Both(Compare low, Compare high) {
        this.low = low;
        this.high = high;
    }

    @Override
    void execute(Warp warp, int mask) {
        low.run(warp, mask);
        high.run(warp, mask);
    }
}
