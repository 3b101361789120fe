package io.penstock.emulator.exec;

/** elect.sync: one of the lanes that execute it together is chosen, here the first. */
final class Elect extends MemberSync {
    private final Slot lane;
    private final Slot isChosen;

    /** @param lane null if nobody wants to know which one */
    Elect(Slot lane, Slot isChosen, Slot members) {
        super(members);
        this.lane = lane;
        this.isChosen = isChosen;
    }

    @Override
    void exchange(Warp warp, int mask) {
        int first = Integer.numberOfTrailingZeros(mask);
        if (lane != null) {
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                warp.ints[lane.at() + Integer.numberOfTrailingZeros(rest)] = first;
            }
            warp.undefined[lane.id()] &= ~mask;
        }
        warp.predicates[isChosen.at()] = warp.predicates[isChosen.at()] & ~mask | 1 << first;
        warp.undefined[isChosen.id()] &= ~mask;
    }
}
