package io.penstock.emulator.exec;

/** Logic of predicates, of 32 lanes at once. */
final class PredicateLogic extends Op {
    /** What it computes, a bit per lane. */
    interface Function {
        int apply(int a, int b);
    }

    private final Function function;
    private final boolean[] isNegated;

    PredicateLogic(Function function, Slot target, Slot[] from, boolean[] isNegated) {
        this.function = function;
        this.targets = new Slot[] {target};
        this.sources = from;
        this.isNegated = isNegated;
    }

    private int value(Warp warp, int i) {
        int bits = warp.predicates[sources[i].at()];
        return isNegated[i] ? ~bits : bits;
    }

    @Override
    void execute(Warp warp, int mask) {
        int at = targets[0].at();
        int result = function.apply(value(warp, 0), value(warp, 1));
        warp.predicates[at] = warp.predicates[at] & ~mask | result & mask;
    }

    @Override
    long undefinedBits(Warp warp, int lane) {
        int a = value(warp, 0) >>> lane & 1;
        int b = value(warp, 1) >>> lane & 1;
        boolean isOpenA = warp.isUndefined(sources[0], lane);
        boolean isOpenB = warp.isUndefined(sources[1], lane);
        int expected = function.apply(a, b) & 1;
        boolean changes = isOpenA && (function.apply(a ^ 1, b) & 1) != expected
                || isOpenB && (function.apply(a, b ^ 1) & 1) != expected
                || isOpenA && isOpenB && (function.apply(a ^ 1, b ^ 1) & 1) != expected;
        return changes ? -1 : 0;
    }

    @Override
    boolean isCopy() {
        return true;
    }
}
