package io.penstock.emulator.exec;

/** bar.warp.sync: lanes of a warp wait for each other, wherever each of them says so. */
final class SyncWarp extends MemberSync {
    SyncWarp(Slot members) {
        super(members);
    }

    @Override
    boolean meetsAnywhere() {
        return true;
    }

    @Override
    void exchange(Warp warp, int mask) {
        // Waiting is all.
    }
}
