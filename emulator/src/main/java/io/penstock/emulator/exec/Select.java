package io.penstock.emulator.exec;

/** selp. */
final class Select extends Op {
    private final Slot which;
    private final boolean isNegated;

    Select(Slot target, Slot yes, Slot no, Slot which, boolean isNegated) {
        this.targets = new Slot[] {target};
        this.sources = new Slot[] {yes, no, which};
        this.which = which;
        this.isNegated = isNegated;
    }

    private boolean isYes(Warp warp, int lane) {
        return (warp.predicates[which.at()] >>> lane & 1) != 0 != isNegated;
    }

    @Override
    void execute(Warp warp, int mask) {
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            warp.write(targets[0], lane, warp.read(isYes(warp, lane) ? sources[0] : sources[1], lane));
        }
    }

    @Override
    void spoil(Warp warp, int lanes) {
        for (int rest = lanes; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            if (warp.isUndefined(which, lane)) {
                warp.setUndefined(targets[0], lane, -1, true);
            } else {
                Slot chosen = isYes(warp, lane) ? sources[0] : sources[1];
                warp.setUndefined(targets[0], lane, warp.undefinedBits(chosen, lane), warp.isSpoiled(chosen, lane));
            }
        }
    }
}
