package io.penstock.emulator.exec;

/** activemask: the lanes that are here now. */
final class ActiveMask extends Op {
    ActiveMask(Slot target) {
        this.targets = new Slot[] {target};
    }

    @Override
    void execute(Warp warp, int mask) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            warp.ints[targets[0].at() + Integer.numberOfTrailingZeros(rest)] = mask;
        }
    }
}
