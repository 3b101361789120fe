package io.penstock.emulator.exec;

/** membar and fence. */
final class Fence extends Op {
    private final boolean isDeviceWide;

    Fence(boolean isDeviceWide) {
        this.isDeviceWide = isDeviceWide;
    }

    @Override
    void execute(Warp warp, int mask) {
        warp.agent.fence(warp.cta.launch.tick(), isDeviceWide);
        warp.synchronise();
    }
}
