package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** An operation for the lanes that a mask names. */
abstract class MemberSync extends WarpSync {
    private final Slot members;

    MemberSync(Slot members) {
        this.members = members;
    }

    @Override
    final int needed(Warp warp, int mask) {
        int lane = Integer.numberOfTrailingZeros(mask);
        int named = warp.ints[members.at() + lane];
        int undefined = warp.undefined[members.id()] & mask;
        if (undefined != 0) {
            warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(undefined))
                    .fault(FaultKind.UNINITIALISED, "the mask of lanes was never written");
            warp.setDefined(members.id(), undefined);
        }
        if ((named & mask) != mask) {
            boolean areUniform = true;
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                int other = Integer.numberOfTrailingZeros(rest);
                areUniform &= (warp.ints[members.at() + other] >>> other & 1) != 0;
            }
            if (!areUniform) {
                int strange = Integer.numberOfTrailingZeros(mask & ~named);
                warp.cta.launch.report.at(this, warp, strange).fault(FaultKind.BARRIER_DIVERGENCE, String.format(
                        "lane %d executes %s with a mask that does not name it: %08x", strange, source.name(), named));
            }
            return warp.live & named & mask;
        }
        return warp.live & named;
    }
}
