package io.penstock.emulator.exec;

import io.penstock.emulator.check.FaultKind;
import io.penstock.emulator.memory.SeenWrites;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Four warps that multiply matrices together: all of them must issue the same instructions in the same order. */
final class WarpGroup {
    static final int NUM_WARPS = 4;

    private static final int NUM_TILES = 8;

    /** A matrix of shared memory that one warp has read, for the others. */
    static final class Tile {
        float[] values;
        boolean[] open;
        final SeenWrites seen = new SeenWrites();
        private long sequence = -1;
        private long descriptor;

        boolean isOf(long number, long askedDescriptor) {
            return sequence == number && descriptor == askedDescriptor;
        }

        void begin(long number, long newDescriptor, int numValues, int numColumns) {
            sequence = number;
            descriptor = newDescriptor;
            seen.clear();
            if (values == null || values.length < numValues) {
                values = new float[numValues];
            }
            if (open == null || open.length < numColumns) {
                open = new boolean[numColumns];
            }
            Arrays.fill(open, false);
        }
    }

    /** The number of what reads shared memory for it. */
    final int engine;
    private final List<Op> issued = new ArrayList<>();
    private final List<Integer> times = new ArrayList<>();
    private final long[] numIssued = new long[NUM_WARPS];
    private final List<Op> registerChanges = new ArrayList<>();
    private final int[] numRegisterChanges = new int[NUM_WARPS];
    private final Tile[] tiles = new Tile[NUM_TILES];
    private final Cta cta;
    private long base;

    private WarpGroup(Cta cta, int index) {
        this.cta = cta;
        this.engine = index;
        for (int i = 0; i < NUM_TILES; i++) {
            tiles[i] = new Tile();
        }
    }

    static WarpGroup[] of(Cta cta) {
        WarpGroup[] groups = new WarpGroup[Math.ceilDiv(cta.warps.length, NUM_WARPS)];
        Arrays.setAll(groups, i -> new WarpGroup(cta, i));
        return groups;
    }

    /** The group of a warp; an incomplete one is reported. */
    static WarpGroup of(Warp warp, Op op) {
        int index = warp.index / NUM_WARPS;
        if ((index + 1) * NUM_WARPS * 32 > warp.cta.numThreads) {
            warp.cta.launch.report.at(op, warp, 0).fault(FaultKind.BARRIER_DIVERGENCE, op.source.name()
                    + " in a warpgroup of fewer than 128 threads");
        }
        return warp.cta.groups[index];
    }

    /** A warp issues its next instruction; the number of it. */
    long issue(Op op, Warp warp, int now) {
        int place = warp.index % NUM_WARPS;
        long number = numIssued[place]++;
        int at = (int) (number - base);
        if (at == issued.size()) {
            issued.add(op);
            times.add(now);
        } else {
            times.set(at, Math.max(times.get(at), now));
            if (issued.get(at) != op) {
                differs(op, warp, issued.get(at));
            }
        }
        cta.wakeGroup(engine);
        return number;
    }

    private void differs(Op op, Warp warp, Op other) {
        cta.launch.report.at(op, warp, 0).fault(FaultKind.BARRIER_DIVERGENCE, "a warp executes " + op.source.name()
                + " while another of its warpgroup executes " + other.source.name() + " at line " + other.line());
    }

    /** Whether all warps have issued the instruction with a number and those before it. */
    boolean isIssued(long number) {
        for (long each : numIssued) {
            if (each <= number) {
                return false;
            }
        }
        return true;
    }

    /** When the last of the warps issued it; those before it are forgotten. */
    int time(long number) {
        int time = times.get((int) (number - base));
        long least = Arrays.stream(numIssued).min().orElseThrow();
        int numOld = (int) (Math.min(least - 64, number - 64) - base);
        if (numOld > 256) {
            issued.subList(0, numOld).clear();
            times.subList(0, numOld).clear();
            base += numOld;
        }
        return time;
    }

    /** Where a matrix of an instruction is, or can be put. */
    Tile tile(long number) {
        return tiles[(int) (number % NUM_TILES)];
    }

    void noteRegisters(Op op, Warp warp) {
        int place = warp.index % NUM_WARPS;
        int number = numRegisterChanges[place]++;
        if (number == registerChanges.size()) {
            registerChanges.add(op);
        } else if (registerChanges.get(number) != op) {
            differs(op, warp, registerChanges.get(number));
        }
    }

    /** The block ends, or cannot go on: all warps must have done the same. */
    void reportDifferent() {
        long most = Arrays.stream(numIssued).max().orElseThrow();
        int changes = Arrays.stream(numRegisterChanges).max().orElseThrow();
        for (int place = 0; place < NUM_WARPS; place++) {
            int at = engine * NUM_WARPS + place;
            boolean isShort = numIssued[place] < most;
            if (at < cta.warps.length && (isShort || numRegisterChanges[place] < changes)) {
                Op op = isShort ? issued.getLast() : registerChanges.getLast();
                cta.launch.report.at(op, cta.warps[at], 0).fault(FaultKind.BARRIER_DIVERGENCE, "warp " + at
                        + " comes to no " + op.source.name() + ", which others of its warpgroup executed");
                return;
            }
        }
    }
}
