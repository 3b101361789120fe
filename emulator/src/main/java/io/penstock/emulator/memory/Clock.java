package io.penstock.emulator.memory;

import java.util.Arrays;

/**
 * Until when what others did is ordered before something: per block of a cluster, per warp, per lane where lanes of a
 * warp differ, and per engine, which is whatever reads and writes memory on behalf of threads. It only grows.
 */
final class Clock {
    private static final int NUM_LANES = 32;

    private final int numWarps;
    private final int[] floors;
    private final int[] warps;
    private final int[][] lanes;
    private final int[][] engines;
    private int acquired;
    private int blockFence;
    private int deviceFence;

    Clock(int numBlocks, int numWarps) {
        this.numWarps = numWarps;
        this.floors = new int[numBlocks];
        this.warps = new int[numBlocks * numWarps];
        this.lanes = new int[numBlocks * numWarps][];
        this.engines = new int[numBlocks][];
    }

    /** Knows what another knows. */
    void join(Clock other) {
        max(floors, other.floors);
        max(warps, other.warps);
        joinParts(lanes, other.lanes);
        joinParts(engines, other.engines);
        acquired = Math.max(acquired, other.acquired);
        blockFence = Math.max(blockFence, other.blockFence);
        deviceFence = Math.max(deviceFence, other.deviceFence);
    }

    private static void max(int[] mine, int[] others) {
        for (int i = 0; i < mine.length; i++) {
            mine[i] = Math.max(mine[i], others[i]);
        }
    }

    private static void joinParts(int[][] mine, int[][] others) {
        for (int i = 0; i < mine.length; i++) {
            if (others[i] == null) {
                continue;
            }
            if (mine[i] == null) {
                mine[i] = others[i].clone();
                continue;
            }
            if (mine[i].length < others[i].length) {
                mine[i] = Arrays.copyOf(mine[i], others[i].length);
            }
            for (int j = 0; j < others[i].length; j++) {
                mine[i][j] = Math.max(mine[i][j], others[i][j]);
            }
        }
    }

    void clear() {
        Arrays.fill(floors, 0);
        Arrays.fill(warps, 0);
        Arrays.fill(lanes, null);
        Arrays.fill(engines, null);
        acquired = 0;
        blockFence = 0;
        deviceFence = 0;
    }

    /** Everything that threads of a block did. */
    void floor(int block, int until) {
        floors[block] = Math.max(floors[block], until);
    }

    void warp(int block, int warp, int until) {
        int at = block * numWarps + warp;
        warps[at] = Math.max(warps[at], until);
    }

    void lane(int block, int warp, int lane, int until) {
        int at = block * numWarps + warp;
        if (lanes[at] == null) {
            lanes[at] = new int[NUM_LANES];
        }
        lanes[at][lane] = Math.max(lanes[at][lane], until);
    }

    void engine(int block, int engine, int until) {
        int[] known = engines[block];
        if (known == null) {
            known = new int[Math.max(8, Integer.highestOneBit(engine) * 2)];
            engines[block] = known;
        } else if (engine >= known.length) {
            known = Arrays.copyOf(known, Integer.highestOneBit(engine) * 2);
            engines[block] = known;
        }
        known[engine] = Math.max(known[engine], until);
    }

    void acquire(int until) {
        acquired = Math.max(acquired, until);
    }

    int acquired() {
        return acquired;
    }

    void fence(int now, boolean isDeviceWide) {
        blockFence = now;
        if (isDeviceWide) {
            deviceFence = now;
        }
    }

    int blockFence() {
        return blockFence;
    }

    int deviceFence() {
        return deviceFence;
    }

    /** Whether anything of a block is known. */
    boolean knowsOf(int block) {
        boolean any = floors[block] > 0;
        for (int warp = 0; warp < numWarps; warp++) {
            any |= warps[block * numWarps + warp] > 0 || lanes[block * numWarps + warp] != null;
        }
        return any;
    }

    /** Whether an access of a block of the cluster is known. */
    boolean covers(int block, long stamp) {
        int time = Stamp.time(stamp);
        if (Stamp.isEngine(stamp)) {
            int engine = Stamp.engine(stamp);
            int[] known = engines[block];
            return known != null && engine < known.length && time <= known[engine];
        }
        int at = block * numWarps + Stamp.warp(stamp);
        if (time <= floors[block] || time <= warps[at]) {
            return true;
        }
        return lanes[at] != null && time <= knownOf(lanes[at], Stamp.lane(stamp));
    }

    private static int knownOf(int[] lanes, int lane) {
        if (lane < NUM_LANES) {
            return lanes[lane];
        }
        int least = Integer.MAX_VALUE;
        for (int known : lanes) {
            least = Math.min(least, known);
        }
        return least;
    }
}
