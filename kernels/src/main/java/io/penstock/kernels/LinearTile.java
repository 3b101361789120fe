package io.penstock.kernels;

/**
 * The variants of {@code linear} and {@code grouped_linear}: how large a part of the output a block computes. All give
 * the same bits.
 */
enum LinearTile {
    /** A few rows: small blocks spread the weights over all multiprocessors, and deep pipelines keep them coming. */
    M16(16, 64, 64, 8, 64),
    M64(64, 64, 128, 6, 96),
    /** Many rows: enough blocks for all multiprocessors although they are large. */
    M128(128, 128, 256, 3, 128);

    private static final int STAGE_ROW_BYTES = 128;

    /**
     * Up to so many rows an expert on average, hardly any has more than a tile's, and its weights are read once.
     */
    private static final int FEW_ROWS_PER_EXPERT = 8;

    private static final int SOME_ROWS_PER_EXPERT = 40;

    private final int blockRows;
    private final int blockColumns;
    private final int threads;
    private final int numStages;
    private final int maxRegisters;

    LinearTile(int blockRows, int blockColumns, int threads, int numStages, int maxRegisters) {
        this.blockRows = blockRows;
        this.blockColumns = blockColumns;
        this.threads = threads;
        this.numStages = numStages;
        this.maxRegisters = maxRegisters;
    }

    /**
     * The variant for a product.
     *
     * @param numColumns rows of the weight
     */
    static LinearTile select(int numRows, int numColumns, int numMultiprocessors) {
        if (numRows <= M16.blockRows) {
            return M16;
        }
        return (long) M128.gridX(numRows) * M128.gridY(numColumns) >= numMultiprocessors ? M128 : M64;
    }

    /** The variant for products with several experts, by the rows that one has on average. */
    static LinearTile selectGrouped(int numPairs, int numExperts) {
        if (numPairs <= FEW_ROWS_PER_EXPERT * numExperts) {
            return M16;
        }
        return numPairs <= SOME_ROWS_PER_EXPERT * numExperts ? M64 : M128;
    }

    /** Tiles that any distribution of rows over experts has at most. */
    int maxTiles(int numPairs, int numExperts) {
        return Math.min(numPairs, (numPairs + numExperts * (blockRows - 1)) / blockRows);
    }

    /** The most tiles of a routing of up to so many pairs, whatever variant their number selects. */
    static int mostTiles(int numPairs, int numExperts) {
        int most = 0;
        for (LinearTile tile : values()) {
            int pairs = tile == M16 ? FEW_ROWS_PER_EXPERT * numExperts
                    : tile == M64 ? SOME_ROWS_PER_EXPERT * numExperts : numPairs;
            most = Math.max(most, tile.maxTiles(Math.min(numPairs, pairs), numExperts));
        }
        return most;
    }

    int blockRows() {
        return blockRows;
    }

    int threads() {
        return threads;
    }

    int sharedBytes() {
        return numStages * (blockRows + blockColumns) * STAGE_ROW_BYTES;
    }

    int gridX(int numRows) {
        return Math.ceilDiv(numRows, blockRows);
    }

    int gridY(int numColumns) {
        return Math.ceilDiv(numColumns, blockColumns);
    }

    /** Registers a thread may take, so that shared memory and not they limit the blocks of a multiprocessor. */
    int maxRegisters() {
        return maxRegisters;
    }

    /** As it stands in the names of entries. */
    String suffix() {
        return "m" + blockRows;
    }
}
