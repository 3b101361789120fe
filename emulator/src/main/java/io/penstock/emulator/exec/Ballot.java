package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;

/** vote.sync, match.sync, redux.sync and activemask: each lane gives a value, and all get what becomes of them. */
final class Ballot extends MemberSync {
    /** What a lane gets. */
    interface Result {
        /** @param values of the lanes of the mask; a predicate is 0 or 1 */
        long of(long[] values, int mask, int lane);
    }

    private final Result result;
    private final Slot target;
    private final Slot value;
    private final boolean isNegated;
    private final Slot second;

    /** @param second a predicate that says whether the result is not zero, or null */
    Ballot(Result result, Slot target, Slot second, Slot value, boolean isNegated, Slot members) {
        super(members);
        this.result = result;
        this.target = target;
        this.second = second;
        this.value = value;
        this.isNegated = isNegated;
    }

    @Override
    void exchange(Warp warp, int mask) {
        int undefined = warp.undefined[value.id()] & mask;
        if (undefined != 0) {
            warp.cta.launch.report.at(this, warp, Integer.numberOfTrailingZeros(undefined)).fault(
                    FaultKind.UNINITIALISED, source.name() + " of a value that nobody wrote");
            warp.setDefined(value.id(), undefined);
        }
        long[] values = new long[32];
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            if (value.of() == Slot.Class.PREDICATE) {
                values[lane] = warp.predicates[value.at()] >>> lane & 1 ^ (isNegated ? 1 : 0);
            } else {
                values[lane] = warp.read(value, lane);
            }
        }
        int yes = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long given = result.of(values, mask, lane);
            yes |= given != 0 ? 1 << lane : 0;
            if (target != null && target.of() != Slot.Class.PREDICATE) {
                warp.write(target, lane, given);
            }
        }
        for (Slot slot : new Slot[] {target, second}) {
            if (slot != null) {
                warp.undefined[slot.id()] &= ~mask;
                if (slot.of() == Slot.Class.PREDICATE) {
                    warp.predicates[slot.at()] = warp.predicates[slot.at()] & ~mask | yes;
                }
            }
        }
    }
}
