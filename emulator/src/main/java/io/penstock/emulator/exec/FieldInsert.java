package io.penstock.emulator.exec;

/** bfi. */
final class FieldInsert extends Op {
    private final int bits;

    FieldInsert(Slot target, Slot[] from, int bits) {
        this.targets = new Slot[] {target};
        this.sources = from;
        this.bits = bits;
    }

    @Override
    void execute(Warp warp, int mask) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            warp.write(targets[0], lane, IntegerFunctions.bfi(warp.read(sources[0], lane), warp.read(sources[1], lane),
                    (int) warp.read(sources[2], lane), (int) warp.read(sources[3], lane), bits));
        }
    }

    @Override
    long undefinedBits(Warp warp, int lane) {
        if (warp.isUndefined(sources[2], lane) || warp.isUndefined(sources[3], lane)) {
            return -1;
        }
        return IntegerFunctions.bfi(warp.undefinedBits(sources[0], lane), warp.undefinedBits(sources[1], lane),
                (int) warp.read(sources[2], lane), (int) warp.read(sources[3], lane), bits);
    }

    @Override
    boolean isCopy() {
        return true;
    }
}
