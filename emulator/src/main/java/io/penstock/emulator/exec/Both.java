package io.penstock.emulator.exec;

/** Two operations of one instruction, one after the other. */
final class Both extends Op {
    private final Op first;
    private final Op second;

    Both(Op first, Op second) {
        this.first = first;
        this.second = second;
    }

    @Override
    void execute(Warp warp, int mask) {
        first.run(warp, mask);
        second.run(warp, mask);
    }
}
