package io.penstock.emulator.exec;

/** An operation that all lanes of a warp that have not ended execute together. */
abstract class TogetherAll extends WarpSync {
    @Override
    final int needed(Warp warp, int mask) {
        return warp.live;
    }
}
