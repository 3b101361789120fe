package io.penstock.kernels;

/**
 * The variants of {@code linear} and {@code grouped_linear} on tiles: the rows of a weight that a block multiplies at a
 * time, and by how many rows of x. All give the same bits. Times are those of a simple model of a 9.0 device, in clocks
 * of a multiprocessor.
 */
enum TiledBlock {
    /** Few rows: two blocks of a multiprocessor have 96 KiB of stages each. */
    M64(1, 6, 2, 128, 8, 16, 32, 64),
    /** Many rows: one block has as many sums as registers hold. For experts there is code for four more numbers. */
    M128(2, 4, 1, 168, 64, 128, 192, 256);

    /** Up to so many rows an expert on average, an expert's rows are hardly ever more than one part of the smaller. */
    private static final int FEW_ROWS_PER_EXPERT = 32;

    private static final int GROUP_THREADS = 128;
    private static final int ROW_BYTES = WeightTiles.SIDE * Short.BYTES;
    private static final int BARRIER_BYTES = 16;
    private static final int STORE_BYTES = 4 * 1024;
    private static final int ROW_RULE_BYTES = 16;

    /** Multiplications with addition that tensor cores do in a clock. */
    private static final int PRODUCTS_PER_CLOCK = 2048;

    /** Bytes that come from the L2 cache in a clock, when all multiprocessors ask. */
    private static final int L2_BYTES_PER_CLOCK = 40;

    /** The same of memory, and of all multiprocessors together. */
    private static final int MEMORY_BYTES_PER_CLOCK = 2400;

    private final int numGroups;
    private final int numStages;
    private final int blocksPerMultiprocessor;
    private final int maxRegisters;
    private final int[] rowCounts;

    TiledBlock(int numGroups, int numStages, int blocksPerMultiprocessor, int maxRegisters, int... rowCounts) {
        this.numGroups = numGroups;
        this.numStages = numStages;
        this.blocksPerMultiprocessor = blocksPerMultiprocessor;
        this.maxRegisters = maxRegisters;
        this.rowCounts = rowCounts;
    }

    /** The variant for products with several experts, by the rows that one has on average. */
    static TiledBlock selectGrouped(int numPairs, int numExperts) {
        return numPairs <= FEW_ROWS_PER_EXPERT * numExperts ? M64 : M128;
    }

    /**
     * The variant for a product, and into how many tiles its rows of x are cut, as {@link #plan}.
     *
     * @param weightRows of which each part has so many as a block
     */
    static int select(int numRows, int weightRows, int k, int numMultiprocessors) {
        int best = 0;
        long leastClocks = Long.MAX_VALUE;
        for (TiledBlock block : BLOCKS) {
            for (int i = block.rowCounts.length - 1; i >= 0; i--) {
                int tiles = Math.ceilDiv(numRows, block.rowCounts[i]);
                long clocks = block.clocks(numRows, tiles, weightRows, k, numMultiprocessors);
                if (clocks < leastClocks) {
                    leastClocks = clocks;
                    best = plan(block, tiles);
                }
            }
        }
        return best;
    }

    private static final TiledBlock[] BLOCKS = values();

    /** A variant and a number of tiles as one value, so that choosing allocates nothing. */
    static int plan(TiledBlock block, int numRowTiles) {
        return numRowTiles * BLOCKS.length + block.ordinal();
    }

    static TiledBlock block(int plan) {
        return BLOCKS[plan % BLOCKS.length];
    }

    static int numRowTiles(int plan) {
        return plan / BLOCKS.length;
    }

    /** What a product takes: its multiprocessor with the most parts, or the weights' way from memory. */
    long clocks(int numRows, int numRowTiles, int weightRows, int k, int numMultiprocessors) {
        int rows = padded(Math.min(numRows, 16 * Math.ceilDiv(Math.ceilDiv(numRows, 16), numRowTiles)));
        long partsEach = Math.ceilDiv((long) numRowTiles * Math.ceilDiv(weightRows, blockRows()), numMultiprocessors);
        long memory = (long) Short.BYTES * weightRows * k / MEMORY_BYTES_PER_CLOCK;
        return Math.max(memory, partsEach * WeightTiles.kTiles(k) * stepClocks(rows));
    }

    /** What 64 of k take with so many rows of x: the products, or the bytes' way from the L2 cache. */
    int stepClocks(int rows) {
        int products = blockRows() * rows * WeightTiles.SIDE / PRODUCTS_PER_CLOCK;
        return Math.max(products, (blockRows() + rows) * ROW_BYTES / L2_BYTES_PER_CLOCK);
    }

    /** Rows that are multiplied where there are so many: the next number that there is code for. */
    int padded(int numRows) {
        for (int rows : rowCounts) {
            if (numRows <= rows) {
                return rows;
            }
        }
        throw new IllegalArgumentException(numRows + " rows in a part of " + this);
    }

    /** The most rows of x of a part. */
    int mostRows() {
        return rowCounts[rowCounts.length - 1];
    }

    /** Rows of the weight. */
    int blockRows() {
        return numGroups * WeightTiles.SIDE;
    }

    int threads() {
        return (1 + numGroups) * GROUP_THREADS;
    }

    int numStages() {
        return numStages;
    }

    int sharedBytes() {
        return numStages * ((blockRows() + mostRows()) * ROW_BYTES + BARRIER_BYTES) + numGroups * STORE_BYTES;
    }

    /** With what the LM head keeps of each row of x, in each warpgroup. */
    int headSharedBytes() {
        return sharedBytes() + numGroups * mostRows() * ROW_RULE_BYTES;
    }

    int blocksPerMultiprocessor() {
        return blocksPerMultiprocessor;
    }

    /** Parts of the weight's rows. */
    int numParts(int weightRows) {
        return Math.ceilDiv(weightRows, blockRows());
    }

    /** Registers a thread may take at the start: then warpgroups that multiply take those of the one that copies. */
    int maxRegisters() {
        return maxRegisters;
    }

    /** As it stands in the names of entries. */
    String suffix() {
        return "tiled_m" + blockRows();
    }
}
