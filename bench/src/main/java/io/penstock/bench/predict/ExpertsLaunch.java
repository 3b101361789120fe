package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;
import io.penstock.kernels.TiledBlock;
import java.util.List;

/**
 * {@code experts_add_rms_norm}: all that the experts of a layer do, drawn piece by piece. Weights keep coming between
 * the products; what waits is a part of the second product where all of the first are under way at once, and the rows
 * of the result, which need all of it.
 *
 * @param width of an expert
 * @param bytes of a step's floor for one layer, weights of experts not
 */
public record ExpertsLaunch(int numTokens, Experts experts, int hidden, int width, double bytes)
        implements KernelModel {
    private static final int BF16 = 2;

    /** A row of the result, from its pairs' rows in L2 to the norm. */
    static final double ROW_SECONDS = 1e-6;

    @Override
    public Prediction on(Chip chip) {
        return experts.mean(numTokens, rowsOfExperts -> on(chip, rowsOfExperts));
    }

    private Prediction on(Chip chip, int[] rowsOfExperts) {
        int numPairs = numTokens * experts.perToken();
        TiledBlock block = TiledBlock.selectGrouped(numPairs, experts.num());
        var pipeline = new Pipeline(chip, block);
        List<Integer> tiles = Experts.tiles(block, rowsOfExperts);
        tiles.forEach(padded -> draw(pipeline, block.numParts(2 * width), hidden, padded));
        boolean isOneWave = pipeline.numParts() <= pipeline.numBlocks();
        tiles.forEach(padded -> draw(pipeline, block.numParts(hidden), width, padded));
        double weights = 3.0 * BF16 * hidden * width * Experts.numTouched(rowsOfExperts);
        Prediction products = pipeline.predict(bytes + weights, 6.0 * numPairs * hidden * width);
        double waits = (isOneWave ? 2 : 1) * Chip.FLAG_SECONDS + ROW_SECONDS;
        Bound bound = waits > products.seconds() ? Bound.LATENCY : products.bound();
        return new Prediction(products.seconds() + waits, products.floorSeconds(), bound, products.bytes(),
                products.flops());
    }

    private static void draw(Pipeline pipeline, int numParts, int k, int paddedRows) {
        for (int part = 0; part < numParts; part++) {
            pipeline.draw(k, paddedRows);
        }
    }
}
