package io.penstock.emulator.exec;

/** elect.sync: one of the lanes that execute it together is chosen, by the launch's seed: nobody says which one. */
final class Elect extends MemberSync {
    private final Slot lane;
    private final Slot isChosen;

    /** @param lane null if nobody wants to know which one */
    Elect(Slot lane, Slot isChosen, Slot members) {
        super(members);
        this.lane = lane;
        this.isChosen = isChosen;
    }

    /** The same for the same lanes throughout a launch. */
    private static int chosen(int mask, long seed) {
        int rest = mask;
        for (long skip = (seed * 0x9E37_79B9L >>> 7) % Integer.bitCount(mask); skip > 0; skip--) {
            rest &= rest - 1;
        }
        return Integer.numberOfTrailingZeros(rest);
    }

    @Override
    void exchange(Warp warp, int mask) {
        int first = chosen(mask, warp.cta.launch.seed);
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
