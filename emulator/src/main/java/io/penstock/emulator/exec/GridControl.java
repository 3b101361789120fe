package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/**
 * griddepcontrol: waiting for the launch in front, and letting those behind begin. It changes nothing here, where one
 * launch runs at a time; but of a launch that may begin before the one in front has ended, what comes before its wait
 * is checked against that one.
 */
final class GridControl extends Op {
    private final boolean isWait;

    /** @param isWait whether it waits; else it lets others begin */
    GridControl(boolean isWait) {
        this.isWait = isWait;
    }

    @Override
    void execute(Warp warp, int mask) {
        LaunchWaits waits = warp.cta.launchWaits;
        if (isWait) {
            waits.waited(warp, mask, index);
            return;
        }
        Launch launch = warp.cta.launch;
        for (int rest = mask; launch.inFront != null && rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            if (!waits.isBehind(warp, lane)) {
                launch.report.at(this, warp, lane).fault(FaultKind.LAUNCH_ORDER, source.name() + " before "
                        + "griddepcontrol.wait: the launch behind could run beside " + launch.inFront.kernel()
                        + ", which is in front of this one");
                return;
            }
        }
    }
}
