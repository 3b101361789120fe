package io.penstock.emulator.exec;

/** setp: a comparison to a predicate, and its opposite to another, each combined with a third. */
final class Compare extends Op {
    private final Comparisons.Test test;
    private final LaneLoops.Tests loop;
    private final Slot first;
    private final Slot a;
    private final Slot b;
    private Slot second;
    private Slot other;
    private boolean otherIsNegated;
    private String how = "";

    /** @param first null if nobody wants it */
    Compare(Comparisons.Test test, Slot first, Slot[] from) {
        this.test = test;
        this.loop = LaneLoops.tests(test);
        this.first = first;
        this.sources = from;
        this.a = from[0];
        this.b = from.length > 1 ? from[1] : a;
        this.targets = first == null ? new Slot[0] : new Slot[] {first};
    }

    void second(Slot slot) {
        second = slot;
        if (slot != null) {
            targets = first == null ? new Slot[] {slot} : new Slot[] {first, slot};
        }
    }

    void combine(String with, Slot predicate, boolean isNegated) {
        how = with;
        other = predicate;
        otherIsNegated = isNegated;
        sources = new Slot[] {a, b, predicate};
    }

    @Override
    void execute(Warp warp, int mask) {
        int yes = 0;
        if (!a.isLong() && !b.isLong()) {
            yes = loop.run(test, mask, warp.ints, a.at(), b.at());
        } else {
            for (int rest = mask; rest != 0; rest &= rest - 1) {
                int lane = Integer.numberOfTrailingZeros(rest);
                yes |= test.test(warp.read(a, lane), warp.read(b, lane)) ? 1 << lane : 0;
            }
        }
        int with = other == null ? 0 : otherIsNegated ? ~warp.predicates[other.at()] : warp.predicates[other.at()];
        int[] p = warp.predicates;
        if (first != null) {
            p[first.at()] = p[first.at()] & ~mask | combined(yes, with) & mask;
        }
        if (second != null) {
            p[second.at()] = p[second.at()] & ~mask | combined(~yes, with) & mask;
        }
    }

    private int combined(int yes, int with) {
        return switch (how) {
            case "and" -> yes & with;
            case "or" -> yes | with;
            case "xor" -> yes ^ with;
            default -> yes;
        };
    }

    @Override
    long undefinedBits(Warp warp, int lane) {
        if (other != null && !warp.isUndefined(other, lane)) {
            boolean with = (warp.predicates[other.at()] >>> lane & 1) != 0 != otherIsNegated;
            if (how.equals("and") && !with || how.equals("or") && with) {
                return 0;
            }
        }
        return -1;
    }
}
