package io.penstock.bench.predict;

import io.penstock.kernels.TiledBlock;

/**
 * {@code grouped_linear} on tiles: rows of x by the weights of the experts that random routing chose for them. The mean
 * of several routings, which are always the same.
 *
 * @param weightRows of an expert
 * @param columnBytes that are written for each pair and row of the weight
 * @param xRows rows of x that are read for a token: one, or one for each of its experts
 */
public record ExpertProduct(
        int numTokens, Experts experts, int weightRows, int k, double columnBytes, int xRows) implements TiledProduct {
    private static final int BF16 = 2;

    @Override
    public Prediction on(Chip chip) {
        return experts.mean(numTokens, rowsOfExperts -> on(chip, rowsOfExperts));
    }

    @Override
    public TiledBlock block(Chip chip) {
        return TiledBlock.M128;
    }

    private Prediction on(Chip chip, int[] rowsOfExperts) {
        int numPairs = numTokens * experts.perToken();
        TiledBlock block = block(chip);
        var pipeline = new Pipeline(chip, block);
        for (int padded : Experts.tiles(block, rowsOfExperts)) {
            for (int part = 0; part < block.numParts(weightRows); part++) {
                pipeline.add(k, padded, Pipeline.Instructions.NONE);
            }
        }
        double bytes = (double) BF16 * k
                * ((double) Experts.numTouched(rowsOfExperts) * weightRows + (double) numTokens * xRows)
                + columnBytes * numPairs * weightRows;
        return pipeline.predict(bytes, 2.0 * numPairs * weightRows * k);
    }
}
