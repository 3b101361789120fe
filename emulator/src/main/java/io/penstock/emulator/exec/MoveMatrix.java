package io.penstock.emulator.exec;

/** movmatrix: the transpose of an 8 x 8 matrix of 16-bit elements, of which each lane holds two of a row. */
final class MoveMatrix extends TogetherAll {
    private final Slot target;
    private final Slot from;

    MoveMatrix(Slot target, Slot from) {
        this.target = target;
        this.from = from;
        this.targets = new Slot[] {target};
        this.sources = new Slot[] {from};
    }

    @Override
    void together(Warp warp, int mask) {
        int[] values = new int[32];
        long[] open = new long[32];
        boolean isSpoiled = false;
        for (int lane = 0; lane < 32; lane++) {
            for (int half = 0; half < 2; half++) {
                int other = (lane % 4 * 2 + half) * 4 + lane / 8;
                int shift = 16 * (lane / 4 % 2);
                values[lane] |= (warp.ints[from.at() + other] >>> shift & 0xFFFF) << 16 * half;
                if (warp.isUndefined(from, other)) {
                    open[lane] |= (warp.undefinedBits(from, other) >>> shift & 0xFFFF) << 16 * half;
                    isSpoiled |= warp.isSpoiled(from, other);
                }
            }
        }
        warp.undefined[target.id()] &= ~mask;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            warp.ints[target.at() + lane] = values[lane];
            if (open[lane] != 0) {
                warp.setUndefined(target, lane, open[lane], isSpoiled);
            }
        }
    }
}
