package io.penstock.emulator.exec;

/** cp.async.commit_group, wait_group and wait_all. */
final class AsyncGroup extends Op {
    /** What of them. */
    enum Kind {
        COMMIT,
        WAIT,
        WAIT_ALL
    }

    private final Kind kind;
    private final int numPending;

    AsyncGroup(Kind kind, int numPending) {
        this.kind = kind;
        this.numPending = numPending;
    }

    @Override
    void execute(Warp warp, int mask) {
        if (kind != Kind.WAIT) {
            warp.copies.commit(mask);
        }
        if (kind != Kind.COMMIT) {
            warp.copies.await(warp, mask, kind == Kind.WAIT ? numPending : 0);
        }
    }
}
