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
        int named = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            named |= warp.ints[members.at() + Integer.numberOfTrailingZeros(rest)];
        }
        int undefined = warp.undefined[members.id()] & mask;
        if (undefined != 0) {
            warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(undefined))
                    .fault(FaultKind.UNINITIALISED, "the mask of lanes was never written");
            warp.setDefined(members.id(), undefined);
        }
        int strange = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int each = Integer.numberOfTrailingZeros(rest);
            strange |= (warp.ints[members.at() + each] >>> each & 1) == 0 ? 1 << each : 0;
        }
        if (strange != 0) {
            int first = Integer.numberOfTrailingZeros(strange);
            warp.cta.launch.report.at(this, warp, first).fault(FaultKind.BARRIER_DIVERGENCE, String.format(
                    "lane %d executes %s with a mask that does not name it: %08x", first, source.name(),
                    warp.ints[members.at() + first]));
        }
        return warp.live & named;
    }

    /** Lanes with one mask do it together. */
    @Override
    final void together(Warp warp, int mask) {
        for (int rest = mask; rest != 0;) {
            int named = warp.ints[members.at() + Integer.numberOfTrailingZeros(rest)];
            int group = 0;
            for (int each = rest; each != 0; each &= each - 1) {
                int lane = Integer.numberOfTrailingZeros(each);
                group |= warp.ints[members.at() + lane] == named ? 1 << lane : 0;
            }
            rest &= ~group;
            requireNobodyPassed(warp, group, named & warp.exited);
            // Those that wait at other places have come as well.
            warp.synchronise(group | named & warp.live);
            exchange(warp, group);
        }
    }

    /** Lanes that ended before they could have come are not waited for; those that went past it should have come. */
    private void requireNobodyPassed(Warp warp, int group, int ended) {
        if (ended == 0) {
            return;
        }
        int first = Integer.numberOfTrailingZeros(group);
        int here = warp.calls.outermost(first, index);
        PostDominators ways = warp.program.postDominators;
        for (int rest = ended; rest != 0; rest &= rest - 1) {
            int end = warp.ends[Integer.numberOfTrailingZeros(rest)];
            if (end != here && ways.leadsThrough(here, end) && !ways.leadsThrough(end, here)) {
                warp.cta.launch.report.at(this, warp, first).fault(FaultKind.BARRIER_DIVERGENCE, String.format(
                        "lanes %08x wait in %s for lane %d, which has gone past it, and ended", group, source.name(),
                        Integer.numberOfTrailingZeros(rest)));
                return;
            }
        }
    }

    /** What lanes with one mask do. */
    abstract void exchange(Warp warp, int mask);
}
