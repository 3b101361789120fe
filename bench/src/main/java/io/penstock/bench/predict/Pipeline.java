package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;
import io.penstock.kernels.TiledBlock;

/**
 * What a persistent grid of blocks on tiles takes: each multiprocessor its parts, one after the other, and memory what
 * all of them ask of it.
 */
final class Pipeline {
    /** Of a part, beside its rows: the ring is full already, the last products and the first store are not hidden. */
    private static final double PART_CLOCKS = 600;

    /** An epilogue's warp instructions for a row of x and one of the weight, which no product hides. */
    private static final double EPILOGUE_INSTRUCTIONS = 30.0 / 128;

    /**
     * Of warps, for a row of x and one of the weight, beside those of storing a sum.
     *
     * @param behind the products, which wait
     * @param beside the products, by the same threads while tensor cores work
     */
    record Instructions(double behind, double beside) {
        static final Instructions NONE = new Instructions(0, 0);
    }

    private final Chip chip;
    private final TiledBlock block;
    private final double[] clocks;
    private int numParts;

    Pipeline(Chip chip, TiledBlock block) {
        this.chip = chip;
        this.block = block;
        clocks = new double[chip.numMultiprocessors()];
    }

    /**
     * The next part, to blocks in turn.
     *
     * @param paddedRows of x
     * @param more than storing sums takes
     */
    void add(int k, int paddedRows, Instructions more) {
        clocks[numParts % clocks.length] += partClocks(k, paddedRows, more);
        numParts++;
    }

    /** The next part, to whoever is done first. */
    void draw(int k, int paddedRows) {
        int least = 0;
        for (int i = 1; i < clocks.length; i++) {
            least = clocks[i] < clocks[least] ? i : least;
        }
        clocks[least] += partClocks(k, paddedRows, Instructions.NONE);
        numParts++;
    }

    private double partClocks(int k, int paddedRows, Instructions more) {
        double issuesOfOne = block.blockRows() * (double) paddedRows / Chip.ISSUES_PER_CLOCK;
        double products = Math.ceilDiv(k, 64) * (double) block.stepClocks(paddedRows);
        return Math.max(products, more.beside() * issuesOfOne) + PART_CLOCKS
                + (EPILOGUE_INSTRUCTIONS + more.behind()) * issuesOfOne;
    }

    int numParts() {
        return numParts;
    }

    /** Blocks that a device holds at a time. */
    int numBlocks() {
        return clocks.length * block.blocksPerMultiprocessor();
    }

    Prediction predict(double bytes, double flops) {
        double most = 0;
        for (double each : clocks) {
            most = Math.max(most, each);
        }
        // Tiles that L2 does not hold up would be faster than the rate that the chip keeps up.
        double products = Math.max(most / Chip.CLOCKS_PER_SECOND, flops / chip.flopsPerSecond());
        int running = Math.min(numParts, numBlocks());
        double inFlight = (double) running * block.inFlightBytes();
        double memory = chip.memorySeconds(bytes, Math.min(inFlight, chip.usefulInFlightBytes(running)));
        boolean isStarved = memory > 1.01 * bytes / chip.readBytesPerSecond();
        Bound bound = products >= memory ? Bound.PRODUCTS : isStarved ? Bound.IN_FLIGHT : Bound.MEMORY;
        return new Prediction(
                Math.max(products, memory) + Chip.FILL_SECONDS, chip.floorSeconds(bytes, flops), bound, bytes, flops);
    }
}
