package io.penstock.emulator.exec;

/** Up to three 32-bit sources to a 32-bit result, lane by lane. */
final class Alu32 extends Op {
    /** What it computes; narrower values are zero-extended, floats are their bits. */
    interface Function {
        int apply(int a, int b, int c);
    }

    private final Function function;
    private final LaneLoops.Ints loop;
    private final UndefinedBits.Rule rule;
    private final int d;
    private final int a;
    private final int b;
    private final int c;

    Alu32(Function function, UndefinedBits.Rule rule, Slot target, Slot[] from) {
        this.function = function;
        this.loop = LaneLoops.ints(function);
        this.rule = rule;
        this.sources = from;
        this.targets = new Slot[] {target};
        this.d = target.at();
        this.a = from[0].at();
        this.b = from.length > 1 ? from[1].at() : a;
        this.c = from.length > 2 ? from[2].at() : a;
    }

    @Override
    void execute(Warp warp, int mask) {
        loop.run(function, mask, warp.ints, d, a, b, c);
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
