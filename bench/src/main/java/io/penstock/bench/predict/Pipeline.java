package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;
import io.penstock.kernels.TiledBlock;

/**
 * What a persistent grid of blocks on tiles takes: each multiprocessor its parts, one after the other, and memory what
 * all of them ask of it. Parts go to blocks in turn, as the kernels take them.
 */
final class Pipeline {
    /** Of a part, beside its rows: the ring is full already, the last products and the first store are not hidden. */
    private static final double PART_CLOCKS = 600;

    /** An epilogue's instructions for a row of x, of eight warps on four schedulers: no product hides them. */
    private static final double ROW_CLOCKS = 7.5;

    private final Chip chip;
    private final TiledBlock block;
    private final int kTiles;
    private final double[] clocks;
    private int numParts;

    /** @param k of the product */
    Pipeline(Chip chip, TiledBlock block, int k) {
        this.chip = chip;
        clocks = new double[chip.numMultiprocessors()];
        this.block = block;
        this.kTiles = Math.ceilDiv(k, 64);
    }

    /** The next part, with so many rows of x computed. */
    void add(int paddedRows) {
        double part = (double) kTiles * block.stepClocks(paddedRows) + PART_CLOCKS + ROW_CLOCKS * paddedRows;
        clocks[numParts % clocks.length] += part;
        numParts++;
    }

    Prediction predict(double bytes, double flops) {
        double most = 0;
        for (double each : clocks) {
            most = Math.max(most, each);
        }
        double products = most / Chip.CLOCKS_PER_SECOND;
        int numBlocks = Math.min(numParts, clocks.length * block.blocksPerMultiprocessor());
        double inFlight = (double) numBlocks * block.inFlightBytes();
        double memory = chip.memorySeconds(bytes, Math.min(inFlight, chip.usefulInFlightBytes(numBlocks)));
        boolean isStarved = memory > 1.01 * bytes / chip.readBytesPerSecond();
        Bound bound = products >= memory ? Bound.PRODUCTS : isStarved ? Bound.IN_FLIGHT : Bound.MEMORY;
        return new Prediction(
                Math.max(products, memory) + Chip.FILL_SECONDS, chip.floorSeconds(bytes, flops), bound, bytes, flops);
    }
}
