package io.penstock.emulator.exec;

/** cp.async.bulk.commit_group and wait_group. */
final class BulkGroup extends Op {
    /** What of them. */
    enum Kind {
        COMMIT,
        WAIT,
        /** Until the sources are read. */
        WAIT_READ
    }

    private final Kind kind;
    private final int numPending;

    BulkGroup(Kind kind, int numPending) {
        this.kind = kind;
        this.numPending = numPending;
    }

    @Override
    void execute(Warp warp, int mask) {
        if (kind == Kind.COMMIT) {
            warp.stores.commit(mask);
        } else {
            warp.stores.await(mask, numPending, kind == Kind.WAIT_READ);
            warp.synchronise(mask);
        }
    }
}
