package io.penstock.emulator.exec;

/** fence.proxy and fence.mbarrier_init: what threads wrote is there for engines that copy and multiply. */
final class ProxyFence extends Op {
    private final boolean isOfBarriers;

    /** @param isOfBarriers whether only the initialisation of mbarriers is meant */
    ProxyFence(boolean isOfBarriers) {
        this.isOfBarriers = isOfBarriers;
    }

    @Override
    void execute(Warp warp, int mask) {
        int now = warp.cta.launch.tick();
        if (isOfBarriers) {
            warp.cta.phaseBarriers.fence(warp);
        } else {
            warp.agent.fenceForEngines(now, (warp.live & ~mask) == 0 ? -1 : mask);
        }
        warp.synchronise(mask);
    }
}
