package io.penstock.emulator.exec;

/** An operation that decides where its lanes go on, or whether they do. */
abstract class Control extends Op {
    /**
     * Executes it for the lanes of a mask, which may be empty, out of those that are here.
     *
     * @return whether the warp's present lanes can go on
     */
    abstract boolean control(Warp warp, int mask);

    @Override
    final void execute(Warp warp, int mask) {
        throw new IllegalStateException(source.name());
    }
}
