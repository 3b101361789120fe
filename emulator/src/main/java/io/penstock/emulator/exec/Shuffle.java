package io.penstock.emulator.exec;

/** shfl.sync. */
final class Shuffle extends MemberSync {
    private final String mode;
    private final Slot target;
    private final Slot present;
    private final Slot value;
    private final Slot lanes;
    private final Slot clamp;

    /** @param present the predicate beside the result, or null */
    Shuffle(String mode, Slot[] results, Slot[] operands) {
        super(operands[3]);
        this.mode = mode;
        this.target = results[0];
        this.present = results[1];
        this.value = operands[0];
        this.lanes = operands[1];
        this.clamp = operands[2];
        this.sources = new Slot[] {lanes, clamp};
    }

    @Override
    void exchange(Warp warp, int mask) {
        int[] r = warp.ints;
        int[] from = new int[32];
        int inRange = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            int b = r[lanes.at() + lane] & 31;
            int c = r[clamp.at() + lane];
            int segment = c >>> 8 & 31;
            int max = lane & segment | c & 31 & ~segment;
            int min = lane & segment;
            int at = switch (mode) {
                case "up" -> lane - b;
                case "down" -> lane + b;
                case "bfly" -> lane ^ b;
                default -> min | b & ~segment;
            };
            boolean isIn = mode.equals("up") ? at >= max : at <= max;
            inRange |= isIn ? 1 << lane : 0;
            from[lane] = isIn ? at : lane;
        }
        move(warp, mask, from);
        if (present != null) {
            warp.predicates[present.at()] = warp.predicates[present.at()] & ~mask | inRange;
            warp.undefined[present.id()] &= ~mask;
        }
    }

    private void move(Warp warp, int mask, int[] from) {
        int[] r = warp.ints;
        int[] values = new int[32];
        long[] bits = new long[32];
        int spoiled = 0;
        int undefined = 0;
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            int source = from[lane];
            values[lane] = r[value.at() + source];
            boolean isAbsent = (mask >>> source & 1) == 0;
            boolean isBlind = warp.isUndefined(lanes, lane) || warp.isUndefined(clamp, lane);
            bits[lane] = isAbsent || isBlind ? -1 : warp.undefinedBits(value, source);
            undefined |= bits[lane] != 0 ? 1 << lane : 0;
            spoiled |= isAbsent || isBlind || warp.isSpoiled(value, source) ? 1 << lane : 0;
        }
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            r[target.at() + lane] = values[lane];
        }
        warp.undefined[target.id()] &= ~mask;
        for (int rest = undefined; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            warp.setUndefined(target, lane, bits[lane], (spoiled >>> lane & 1) != 0);
        }
    }
}
