package io.penstock.emulator.exec;

import io.penstock.emulator.ptx.PtxInstruction;

/** A decoded instruction. */
abstract class Op {
    static final int FULL = -1;
    private static final Slot[] NONE = {};

    PtxInstruction source;
    int index;
    int guard = -1;
    int guardId;
    boolean guardNegated;
    Slot[] sources = NONE;
    Slot[] targets = NONE;
    /** Registers that it touches, and that matrix instructions of warpgroups use while threads go on; null for none. */
    int[] matrixSlots;

    int line() {
        return source.line();
    }

    /** Executes it for the lanes of a mask, which is not empty. */
    abstract void execute(Warp warp, int mask);

    /** Executes it, and follows registers that nobody wrote. */
    void run(Warp warp, int mask) {
        int undefined = 0;
        for (Slot slot : sources) {
            undefined |= warp.undefined[slot.id()];
        }
        undefined &= mask;
        if (undefined != 0) {
            spoil(warp, undefined);
        }
        execute(warp, mask);
        for (Slot slot : targets) {
            warp.undefined[slot.id()] &= ~(mask & ~undefined);
        }
    }

    /** Notes for some lanes what of the targets is undefined. */
    void spoil(Warp warp, int lanes) {
        for (int rest = lanes; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            long bits = undefinedBits(warp, lane);
            boolean isSpoiled = !isCopy() || warp.anySpoiled(sources, lane);
            for (Slot target : targets) {
                warp.setUndefined(target, lane, bits, isSpoiled);
            }
        }
    }

    /** The undefined bits of the result, given that some of a source are. */
    long undefinedBits(Warp warp, int lane) {
        return -1;
    }

    /** Whether it only moves bits. */
    boolean isCopy() {
        return false;
    }
}
