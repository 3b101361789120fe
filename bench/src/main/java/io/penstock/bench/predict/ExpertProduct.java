package io.penstock.bench.predict;

import io.penstock.kernels.TiledBlock;
import java.util.SplittableRandom;

/**
 * {@code grouped_linear} on tiles: rows of x by the weights of the experts that random routing chose for them. The mean
 * of several routings, which are always the same.
 *
 * @param weightRows of an expert
 * @param columnBytes that are written for each pair and row of the weight
 * @param xRows rows of x that are read for a token: one, or one for each of its experts
 */
public record ExpertProduct(
        int numTokens, Experts experts, int weightRows, int k, double columnBytes, int xRows) implements KernelModel {
    private static final int BF16 = 2;
    private static final int NUM_ROUTINGS = 8;

    /** How many there are, and how many a token has. */
    public record Experts(int num, int perToken) {}

    @Override
    public Prediction on(Chip chip) {
        double seconds = 0;
        double floor = 0;
        Prediction last = null;
        for (int seed = 0; seed < NUM_ROUTINGS; seed++) {
            last = on(chip, rowsOfExperts(seed));
            seconds += last.seconds() / NUM_ROUTINGS;
            floor += last.floorSeconds() / NUM_ROUTINGS;
        }
        return new Prediction(seconds, floor, last.bound(), last.bytes(), last.flops());
    }

    private Prediction on(Chip chip, int[] rowsOfExperts) {
        int numPairs = numTokens * experts.perToken();
        TiledBlock block = TiledBlock.selectGrouped(numPairs, experts.num());
        var pipeline = new Pipeline(chip, block, k);
        int touched = 0;
        for (int rows : rowsOfExperts) {
            touched += rows > 0 ? 1 : 0;
            int tiles = Math.ceilDiv(rows, block.mostRowsOfExpert());
            int units = Math.ceilDiv(rows, 16);
            int done = 0;
            for (int tile = 0; tile < tiles; tile++) {
                int share = (units + tile) / tiles * 16;
                int padded = block.paddedOfExpert(Math.min(share, rows - done));
                for (int part = 0; part < block.numParts(weightRows); part++) {
                    pipeline.add(padded);
                }
                done += share;
            }
        }
        double bytes = (double) BF16 * k * ((double) touched * weightRows + (double) numTokens * xRows)
                + columnBytes * numPairs * weightRows;
        return pipeline.predict(bytes, 2.0 * numPairs * weightRows * k);
    }

    private int[] rowsOfExperts(int seed) {
        var random = new SplittableRandom(seed);
        int[] order = new int[experts.num()];
        int[] rows = new int[experts.num()];
        for (int e = 0; e < order.length; e++) {
            order[e] = e;
        }
        for (int token = 0; token < numTokens; token++) {
            for (int slot = 0; slot < experts.perToken(); slot++) {
                int other = random.nextInt(slot, order.length);
                int chosen = order[other];
                order[other] = order[slot];
                order[slot] = chosen;
                rows[chosen]++;
            }
        }
        return rows;
    }
}
