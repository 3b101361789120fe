package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** A branch, to one label or by an index to one of several. */
final class Branch extends Control {
    private final Slot select;
    private int[] to;

    /** @param select the index among the targets, or null */
    Branch(Slot select) {
        this.select = select;
    }

    void to(int[] places) {
        to = places;
    }

    int[] targets() {
        return to;
    }

    boolean isAlways() {
        return guard < 0;
    }

    @Override
    boolean control(Warp warp, int mask) {
        Splits splits = warp.splits;
        int here = splits.pc;
        if (mask == 0) {
            splits.pc++;
            return true;
        }
        int rest = splits.mask & ~mask;
        if (rest != 0) {
            warp.cta.launch.counters.divergentBranches++;
            splits.depart(rest, here + 1);
        }
        splits.lastBranch = here;
        if (select != null) {
            bySelect(warp, splits);
        } else {
            splits.pc = to[0];
        }
        if (splits.pc <= here && (splits.sawStrong || rest != 0 && !splits.isAlone() && splits.sawStrong)) {
            warp.cta.launch.spun(warp);
            splits.giveWay();
        }
        return true;
    }

    private void bySelect(Warp warp, Splits splits) {
        int undefined = warp.undefined[select.id()] & splits.mask;
        if (undefined != 0) {
            warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(undefined)).fault(
                    FaultKind.UNINITIALISED, "a branch by an index that nobody wrote");
        }
        int first = index(warp, Integer.numberOfTrailingZeros(splits.mask));
        for (int index = 0; index < to.length; index++) {
            int lanes = 0;
            for (int rest = splits.mask; rest != 0; rest &= rest - 1) {
                int lane = Integer.numberOfTrailingZeros(rest);
                lanes |= index(warp, lane) == index ? 1 << lane : 0;
            }
            if (index != first && lanes != 0) {
                splits.depart(lanes, to[index]);
            }
        }
        splits.pc = to[first];
    }

    private int index(Warp warp, int lane) {
        int index = warp.ints[select.at() + lane];
        return index < 0 || index >= to.length ? to.length - 1 : index;
    }
}
