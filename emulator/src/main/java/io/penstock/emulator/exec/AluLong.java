package io.penstock.emulator.exec;

/** Up to three sources of 32 or 64 bits to a result of 32 or 64 bits, lane by lane. */
final class AluLong extends Op {
    /** What it computes; narrower values are zero-extended, floats are their bits. */
    interface Function {
        long apply(long a, long b, long c);
    }

    private final Function function;
    private final LaneLoops.Longs loop;
    private final UndefinedBits.Rule rule;
    private final boolean isAllLong;

    AluLong(Function function, UndefinedBits.Rule rule, Slot target, Slot[] from) {
        this.function = function;
        this.loop = LaneLoops.longs(function);
        this.rule = rule;
        this.sources = from;
        this.targets = new Slot[] {target};
        boolean all = target.isLong();
        for (Slot slot : from) {
            all &= slot.isLong();
        }
        this.isAllLong = all;
    }

    @Override
    void execute(Warp warp, int mask) {
        Slot a = sources[0];
        Slot b = sources.length > 1 ? sources[1] : a;
        Slot c = sources.length > 2 ? sources[2] : a;
        if (isAllLong) {
            loop.run(function, mask, warp.longs, targets[0].at(), a.at(), b.at(), c.at());
            return;
        }
        Slot d = targets[0];
        for (int rest = mask; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long value = function.apply(warp.read(a, lane), warp.read(b, lane), warp.read(c, lane));
            warp.write(d, lane, value);
        }
    }

    @Override
    long undefinedBits(Warp warp, int lane) {
        return rule.undefined(warp, sources, lane);
    }

    @Override
    boolean isCopy() {
        return rule.isCopy();
    }
}
