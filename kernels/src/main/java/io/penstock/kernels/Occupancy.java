package io.penstock.kernels;

import io.penstock.device.DeviceProperties;

/**
 * How many blocks of a kernel a multiprocessor holds at a time, by the rules of CUDA's occupancy calculator for compute
 * capability 8.0 and later: registers are given out by warps in units of 256, a quarter of them in each of four parts
 * of a multiprocessor; a block's shared memory has 1 KiB for the system, in units of 128 bytes.
 *
 * @param numBlocks 0 where not even one fits
 * @param numWarps of these blocks
 * @param bound what keeps another block out
 */
record Occupancy(int numBlocks, int numWarps, Bound bound) {
    /** What of a multiprocessor is used up first; of several, the first here. */
    enum Bound {
        THREADS("threads"),
        BLOCKS("blocks"),
        SHARED_MEMORY("shared memory"),
        REGISTERS("registers");

        private final String words;

        Bound(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** What the system takes of each block's shared memory. */
    static final int SYSTEM_SHARED_BYTES = 1 << 10;

    private static final int SHARED_UNIT_BYTES = 128;
    private static final int WARP_THREADS = 32;
    private static final int WARP_REGISTERS_UNIT = 256;
    private static final int NUM_PARTS = 4;

    /**
     * Of a kernel on a device.
     *
     * @param numRegisters of a thread
     * @param numThreads of a block
     * @param sharedBytes of a block, static and dynamic
     */
    static Occupancy of(DeviceProperties device, int numRegisters, int numThreads, int sharedBytes) {
        DeviceProperties.Cores cores = device.cores();
        int warps = Math.ceilDiv(numThreads, WARP_THREADS);
        int sharedUnits = Math.ceilDiv(sharedBytes + SYSTEM_SHARED_BYTES, SHARED_UNIT_BYTES);
        int byShared = sharedBytes > cores.blockSharedBytes()
                ? 0 : cores.sharedBytes() / (sharedUnits * SHARED_UNIT_BYTES);
        int warpRegisters = Math.ceilDiv(numRegisters * WARP_THREADS, WARP_REGISTERS_UNIT) * WARP_REGISTERS_UNIT;
        int byRegisters = NUM_PARTS * (cores.numRegisters() / NUM_PARTS / warpRegisters) / warps;
        int byThreads = cores.maxThreads() / WARP_THREADS / warps;
        int[] each = {byThreads, maxBlocks(device.computeCapability()), byShared, byRegisters};
        int bound = 0;
        for (int i = 1; i < each.length; i++) {
            bound = each[i] < each[bound] ? i : bound;
        }
        return new Occupancy(each[bound], each[bound] * warps, Bound.values()[bound]);
    }

    /** Resident blocks of a multiprocessor: the CUDA programming guide's table of capabilities. */
    private static int maxBlocks(int computeCapability) {
        return switch (computeCapability) {
            case 80, 90, 100, 103 -> 32;
            case 89, 110, 120, 121 -> 24;
            default -> 16;
        };
    }
}
