package io.penstock.emulator.exec;

/** wgmma.fence, commit_group and wait_group. */
final class WgmmaSync extends TogetherAll {
    /** What of them. */
    enum Kind {
        FENCE,
        COMMIT,
        WAIT
    }

    private final Kind kind;
    private final int numPending;

    WgmmaSync(Kind kind, int numPending) {
        this.kind = kind;
        this.numPending = numPending;
    }

    @Override
    void together(Warp warp, int mask) {
        throw new IllegalStateException();
    }

    @Override
    boolean meet(Warp warp, int mask) {
        WarpGroup group = WarpGroup.of(warp, this);
        switch (kind) {
            case FENCE -> warp.matrix.fence();
            case COMMIT -> warp.matrix.commit();
            case WAIT -> {
                long done = warp.matrix.doneWith(numPending);
                if (done > 0) {
                    if (!group.isIssued(done - 1)) {
                        warp.splits.hold();
                        return false;
                    }
                    warp.matrix.complete(done);
                    warp.agent.engineDone(group.engine, group.time(done - 1));
                }
                warp.synchronise();
            }
        }
        warp.splits.pc++;
        return true;
    }
}
