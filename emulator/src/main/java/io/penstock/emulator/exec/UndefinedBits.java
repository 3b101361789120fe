package io.penstock.emulator.exec;

/** How undefined bits of sources become undefined bits of results. */
final class UndefinedBits {
    /** One way. */
    interface Rule {
        long undefined(Warp warp, Slot[] sources, int lane);

        default boolean isCopy() {
            return false;
        }
    }

    /** A rule of operations that move bits. */
    interface Copy extends Rule {
        @Override
        default boolean isCopy() {
            return true;
        }
    }

    /** Any undefined bit spoils the whole result. */
    static final Rule ALL = (warp, sources, lane) -> -1;

    /** Carries run upwards. */
    static final Rule UPWARDS = (warp, sources, lane) -> -Long.lowestOneBit(either(warp, sources, lane));

    static final Copy MOVE = (warp, sources, lane) -> warp.undefinedBits(sources[0], lane);

    static final Copy BITWISE = UndefinedBits::either;

    static final Copy AND = (warp, sources, lane) -> {
        long a = warp.undefinedBits(sources[0], lane);
        long b = warp.undefinedBits(sources[1], lane);
        return (a | b) & (a | warp.read(sources[0], lane)) & (b | warp.read(sources[1], lane));
    };

    static final Copy OR = (warp, sources, lane) -> {
        long a = warp.undefinedBits(sources[0], lane);
        long b = warp.undefinedBits(sources[1], lane);
        return (a | b) & (a | ~warp.read(sources[0], lane)) & (b | ~warp.read(sources[1], lane));
    };

    private UndefinedBits() {}

    /** Applies the operation itself to the undefined bits of its first source; its others must be defined. */
    static Copy sameOn(AluLong.Function function) {
        return (warp, sources, lane) -> {
            for (int i = 1; i < sources.length; i++) {
                if (warp.undefinedBits(sources[i], lane) != 0) {
                    return -1;
                }
            }
            long second = sources.length > 1 ? warp.read(sources[1], lane) : 0;
            long third = sources.length > 2 ? warp.read(sources[2], lane) : 0;
            return function.apply(warp.undefinedBits(sources[0], lane), second, third);
        };
    }

    /** Applies an operation that moves bits of two sources to their undefined bits; the third must be defined. */
    static Copy sameOnPair(AluLong.Function function) {
        return (warp, sources, lane) -> {
            if (sources.length > 2 && warp.undefinedBits(sources[2], lane) != 0) {
                return -1;
            }
            long third = sources.length > 2 ? warp.read(sources[2], lane) : 0;
            return function.apply(warp.undefinedBits(sources[0], lane), warp.undefinedBits(sources[1], lane), third);
        };
    }

    static long either(Warp warp, Slot[] sources, int lane) {
        long bits = 0;
        for (Slot slot : sources) {
            bits |= warp.undefinedBits(slot, lane);
        }
        return bits;
    }
}
