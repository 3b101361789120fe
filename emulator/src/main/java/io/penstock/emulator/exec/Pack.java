package io.penstock.emulator.exec;

/** mov of several registers to a wider one. */
final class Pack extends Op {
    private final int bits;

    Pack(Slot target, Slot[] parts, int bits) {
        this.targets = new Slot[] {target};
        this.sources = parts;
        this.bits = bits;
    }

    @Override
    void execute(Warp warp, int mask) {
        long within = (1L << bits) - 1;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long value = 0;
            for (int i = 0; i < sources.length; i++) {
                value |= (warp.read(sources[i], lane) & within) << i * bits;
            }
            warp.write(targets[0], lane, value);
        }
    }

    @Override
    long undefinedBits(Warp warp, int lane) {
        long within = (1L << bits) - 1;
        long value = 0;
        for (int i = 0; i < sources.length; i++) {
            value |= (warp.undefinedBits(sources[i], lane) & within) << i * bits;
        }
        return value;
    }

    @Override
    boolean isCopy() {
        return true;
    }
}
