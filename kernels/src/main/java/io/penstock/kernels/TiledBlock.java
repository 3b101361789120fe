package io.penstock.kernels;

/**
 * The variants of products on tiles: the rows of a weight that a block multiplies at a time, and by how many rows of x.
 * All give the same bits. Times are those of a simple model of a 9.0 device, in clocks of a multiprocessor.
 */
public enum TiledBlock {
    /** Few rows: two blocks of a multiprocessor have 96 KiB of stages each. */
    M64(new Shape(64, 1, 6, 2, 128), 4 << 10, new int[] {8, 16, 32, 64}, new int[] {8, 16, 32, 64}),
    /**
     * Many rows: one block has as many sums as registers hold. An expert's rows are what routing makes them, so there
     * is code for more numbers, up to what shared memory holds: a few more than 256 are no two parts.
     */
    M128(new Shape(128, 2, 4, 1, 168), 8 << 10, new int[] {64, 128, 192, 256},
            new int[] {64, 96, 128, 144, 176, 208, 256, 272, 304}),
    /**
     * For {@link InProjShortConvKernel}, which needs B, C and x of a channel in one block: 16 channels, so that few
     * rows have as many parts as a device multiprocessors. Tensor cores multiply 64.
     */
    M48(new Shape(48, 1, 7, 2, 128), 6 << 10, new int[] {16, 32, 64}, new int[0]),
    /** For the same and many rows: 64 channels are three whole tiles. */
    M192(new Shape(192, 3, 4, 1, 128), 18 << 10, new int[] {64, 96, 128, 192}, new int[0]);

    /** Of the products that are written as they are, or as SwiGLU's. */
    static final TiledBlock[] OF_PRODUCTS = {M64, M128};

    /** Of the projection into a convolution. */
    static final TiledBlock[] OF_CONVOLUTIONS = {M48, M192};

    /** Registers a thread may take at the start: then warpgroups that multiply take those of the one that copies. */
    private record Shape(int blockRows, int numGroups, int numStages, int blocksPerMultiprocessor, int maxRegisters) {}

    /** Up to so many rows an expert on average, an expert's rows are hardly ever more than one part of the smaller. */
    private static final int FEW_ROWS_PER_EXPERT = 32;

    private static final int GROUP_THREADS = 128;
    private static final int ROW_BYTES = WeightTiles.SIDE * Short.BYTES;
    private static final int BARRIER_BYTES = 16;
    private static final int ROW_NOISE_BYTES = 8;

    /** Multiplications with addition that tensor cores do in a clock. */
    private static final int PRODUCTS_PER_CLOCK = 2048;

    /** Bytes that come from the L2 cache in a clock, when all multiprocessors ask. */
    private static final int L2_BYTES_PER_CLOCK = 40;

    /** The same of memory, and of all multiprocessors together. */
    private static final int MEMORY_BYTES_PER_CLOCK = 2400;

    private final Shape shape;
    private final int storeBytes;
    private final int[] rowCounts;
    private final int[] expertRowCounts;

    /** @param storeBytes of a block's shared memory through which results go */
    TiledBlock(Shape shape, int storeBytes, int[] rowCounts, int[] expertRowCounts) {
        this.shape = shape;
        this.storeBytes = storeBytes;
        this.rowCounts = rowCounts;
        this.expertRowCounts = expertRowCounts;
    }

    /** The variant for products with several experts, by the rows that one has on average. */
    public static TiledBlock selectGrouped(int numPairs, int numExperts) {
        return numPairs <= FEW_ROWS_PER_EXPERT * numExperts ? M64 : M128;
    }

    /**
     * The variant for a product, and into how many tiles its rows of x are cut, as {@link #plan}.
     *
     * @param weightRows of which each part has so many as a block
     */
    public static int select(int numRows, int weightRows, int k, int numMultiprocessors) {
        return select(OF_PRODUCTS, numRows, weightRows, k, numMultiprocessors);
    }

    /**
     * The same for a projection into a convolution.
     *
     * @param hidden channels, a multiple of 16
     */
    public static int selectInProj(int numRows, int hidden, int numMultiprocessors) {
        return select(OF_CONVOLUTIONS, numRows, 3 * hidden, hidden, numMultiprocessors);
    }

    private static int select(
            TiledBlock[] blocks, int numRows, int weightRows, int k, int numMultiprocessors) {
        int best = 0;
        long leastClocks = Long.MAX_VALUE;
        for (TiledBlock block : blocks) {
            if (!block.hasRows(weightRows)) {
                continue;
            }
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

    /** Whether it may multiply by such a weight: what three tiles serve together has whole ones. */
    private boolean hasRows(int weightRows) {
        return this != M192 || weightRows % shape.blockRows == 0;
    }

    private static final TiledBlock[] BLOCKS = values();

    /** A variant and a number of tiles as one value, so that choosing allocates nothing. */
    static int plan(TiledBlock block, int numRowTiles) {
        return numRowTiles * BLOCKS.length + block.ordinal();
    }

    /** The variant of a plan. */
    public static TiledBlock block(int plan) {
        return BLOCKS[plan % BLOCKS.length];
    }

    /** Into how many tiles a plan cuts the rows of x. */
    public static int numRowTiles(int plan) {
        return plan / BLOCKS.length;
    }

    /** What a product takes: its multiprocessor with the most parts, or the weights' way from memory. */
    private long clocks(int numRows, int numRowTiles, int weightRows, int k, int numMultiprocessors) {
        int rows = tileRows(numRows, numRowTiles);
        long partsEach = Math.ceilDiv((long) numRowTiles * Math.ceilDiv(weightRows, blockRows()), numMultiprocessors);
        long memory = (long) Short.BYTES * weightRows * k / MEMORY_BYTES_PER_CLOCK;
        return Math.max(memory, partsEach * WeightTiles.kTiles(k) * stepClocks(rows));
    }

    /** Rows that are multiplied in each of so many tiles of the rows of x. */
    public int tileRows(int numRows, int numRowTiles) {
        return padded(Math.min(numRows, 16 * Math.ceilDiv(Math.ceilDiv(numRows, 16), numRowTiles)));
    }

    /** What 64 of k take with so many rows of x: the products, or the bytes' way from the L2 cache. */
    public int stepClocks(int rows) {
        int products = tensorRows() * rows * WeightTiles.SIDE / PRODUCTS_PER_CLOCK;
        return Math.max(products, (blockRows() + rows) * ROW_BYTES / L2_BYTES_PER_CLOCK);
    }

    /** Rows that are multiplied where there are so many: the next number that there is code for. */
    int padded(int numRows) {
        return padded(numRows, rowCounts);
    }

    /** The same of an expert's rows. */
    public int paddedOfExpert(int numRows) {
        return padded(numRows, expertRowCounts);
    }

    private int padded(int numRows, int[] counts) {
        for (int rows : counts) {
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

    /** The same of an expert's rows. */
    public int mostRowsOfExpert() {
        return expertRowCounts[expertRowCounts.length - 1];
    }

    /** Rows of the weight. */
    public int blockRows() {
        return shape.blockRows;
    }

    /** Rows that tensor cores multiply. */
    int tensorRows() {
        return shape.numGroups * WeightTiles.SIDE;
    }

    int threads() {
        return (1 + shape.numGroups) * GROUP_THREADS;
    }

    /** Bytes of weights that a block has under way. */
    public int inFlightBytes() {
        return shape.numStages * blockRows() * ROW_BYTES;
    }

    int numStages() {
        return shape.numStages;
    }

    int sharedBytes() {
        return sharedBytes(mostRows());
    }

    /** With stages for an expert's rows. */
    int expertSharedBytes() {
        return sharedBytes(mostRowsOfExpert());
    }

    private int sharedBytes(int mostRows) {
        return shape.numStages * ((blockRows() + mostRows) * ROW_BYTES + BARRIER_BYTES) + storeBytes;
    }

    /** With what the LM head keeps of each row of x, in each warpgroup. */
    int headSharedBytes() {
        return sharedBytes() + shape.numGroups * mostRows() * ROW_NOISE_BYTES;
    }

    /** With the piece of work that each stage begins, and that of rows, where blocks draw pieces. */
    int drawSharedBytes() {
        return sharedBytes() + drawBytes();
    }

    /** The same with stages for an expert's rows. */
    int expertDrawSharedBytes() {
        return expertSharedBytes() + drawBytes();
    }

    private int drawBytes() {
        return (shape.numStages + 1) * Integer.BYTES;
    }

    /** How many a multiprocessor has at a time. */
    public int blocksPerMultiprocessor() {
        return shape.blocksPerMultiprocessor;
    }

    /** Parts of the weight's rows. */
    public int numParts(int weightRows) {
        return Math.ceilDiv(weightRows, blockRows());
    }

    /** Registers a thread may take at the start. */
    int maxRegisters() {
        return shape.maxRegisters;
    }

    /** As it stands in the names of entries. */
    String suffix() {
        return "tiled_m" + blockRows();
    }
}
