package io.penstock.emulator.exec;

import java.util.Arrays;

/** Where each lane of a warp returns to, and what functions that call themselves need back then. */
final class CallStack {
    private static final int MAX_DEPTH = 4096;

    private final Warp warp;
    private final int[][] returns = new int[32][4];
    private final long[][][] saved = new long[32][4][];
    private final int[] depths = new int[32];

    CallStack(Warp warp) {
        this.warp = warp;
    }

    int depth(int lane) {
        return depths[lane];
    }

    void push(int lane, int callPc, Program.Function caller) {
        int depth = depths[lane];
        if (depth == MAX_DEPTH) {
            throw new IllegalStateException("calls deeper than " + MAX_DEPTH);
        }
        if (depth == returns[lane].length) {
            returns[lane] = Arrays.copyOf(returns[lane], 2 * depth);
            saved[lane] = Arrays.copyOf(saved[lane], 2 * depth);
        }
        returns[lane][depth] = callPc;
        saved[lane][depth] = caller.isRecursive ? caller.save(warp, lane) : null;
        depths[lane] = depth + 1;
        warp.frame[lane] += caller.frameBytes;
    }

    /** Where in the entry a lane is that executes something at {@code pc}. */
    int outermost(int lane, int pc) {
        return depths[lane] == 0 ? pc : returns[lane][0];
    }

    /** The call that a lane returns to next. */
    int top(int lane) {
        return returns[lane][depths[lane] - 1];
    }

    void pop(int lane, Program.Function caller) {
        int depth = --depths[lane];
        warp.frame[lane] -= caller.frameBytes;
        if (saved[lane][depth] != null) {
            caller.restore(warp, lane, saved[lane][depth]);
        }
    }
}
