package io.penstock.emulator.exec;

import java.util.Arrays;

/** The registers of a block, of which setmaxnreg gives some back and takes some more. */
final class RegisterPool {
    private static final int REGISTERS = 64 << 10;
    private static final int STEP = 8;

    /** What a thread may have. */
    static final int MIN = 24;

    static final int MAX = 256;

    private final Cta cta;
    private final int perThread;
    private final int[] ofWarp;
    private int free;

    RegisterPool(Cta cta, Program program) {
        this.cta = cta;
        this.ofWarp = new int[cta.warps.length];
        int maxRegisters = program.entry.maxRegisters();
        int maxThreads = program.entry.maxThreads();
        int blocks = Math.max(1, program.entry.minBlocks());
        int fitting = maxThreads == 0 ? 0 : Math.min(255, REGISTERS / (maxThreads * blocks)) / STEP * STEP;
        this.perThread = maxRegisters != 0 ? Math.ceilDiv(maxRegisters, STEP) * STEP : fitting;
    }

    void start() {
        Arrays.fill(ofWarp, perThread);
        free = 0;
    }

    /** Whether the kernel says how many registers its threads have; if not, setmaxnreg does nothing. */
    boolean isBounded() {
        return perThread != 0;
    }

    int of(Warp warp) {
        return ofWarp[warp.index];
    }

    /** Gives a warp's threads a number of registers each; false if there are not enough yet. */
    boolean set(Warp warp, int numRegisters) {
        int more = numRegisters - ofWarp[warp.index];
        if (more > free) {
            return false;
        }
        free -= more;
        ofWarp[warp.index] = numRegisters;
        if (more < 0) {
            cta.wake();
        }
        cta.launch.progressed();
        return true;
    }

    String describe() {
        boolean isChanged = false;
        for (int each : ofWarp) {
            isChanged |= each != perThread;
        }
        return isChanged ? "\n  block " + cta.index + ": registers a thread by warp " + Arrays.toString(ofWarp) + ", "
                + free + " times 32 free" : "";
    }
}
