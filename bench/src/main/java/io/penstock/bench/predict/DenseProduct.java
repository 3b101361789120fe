package io.penstock.bench.predict;

import io.penstock.kernels.TiledBlock;

/**
 * {@code linear} on tiles: rows of x by a weight.
 *
 * @param weightRows columns of the product, twice as many where gate and up are multiplied
 * @param columnBytes that are written for each row of x and of the weight
 */
public record DenseProduct(int numRows, int weightRows, int k, double columnBytes) implements KernelModel {
    private static final int BF16 = 2;

    @Override
    public Prediction on(Chip chip) {
        int plan = TiledBlock.select(numRows, weightRows, k, chip.numMultiprocessors());
        TiledBlock block = TiledBlock.block(plan);
        int tiles = TiledBlock.numRowTiles(plan);
        var pipeline = new Pipeline(chip, block, k);
        for (int i = 0; i < tiles * block.numParts(weightRows); i++) {
            pipeline.add(block.tileRows(numRows, tiles));
        }
        double bytes = (double) BF16 * k * (weightRows + numRows) + columnBytes * numRows * weightRows;
        return pipeline.predict(bytes, 2.0 * numRows * weightRows * k);
    }
}
