package io.penstock.bench.predict;

import io.penstock.kernels.TiledBlock;

/**
 * {@code linear} on tiles: rows of x by a weight.
 *
 * @param weightRows columns of the product, twice as many where gate and up are multiplied
 * @param columnBytes that are written for each row of x and of the weight
 * @param epilogue what is done with a sum beside being stored
 */
public record DenseProduct(int numRows, int weightRows, int k, double columnBytes, Epilogue epilogue)
        implements TiledProduct {
    private static final int BF16 = 2;

    /** With warp instructions of PTX for a sum, beside those of storing it: the emulator counts them. */
    public enum Epilogue {
        NONE(0, 0),
        /** Heads that are normalised, rotated and stored. */
        HEADS(0.73, 0),
        /** The LM head's, where all rows take the largest logit. */
        GREEDY(0.71, 0),
        /** The same, where all run a race at a temperature; its random numbers are drawn while sums are added up. */
        TEMPERATURE(0.77, 2.1);

        private final Pipeline.Instructions instructions;

        Epilogue(double behind, double beside) {
            instructions = new Pipeline.Instructions(behind, beside);
        }
    }

    /** Sums are stored. */
    public DenseProduct(int numRows, int weightRows, int k, double columnBytes) {
        this(numRows, weightRows, k, columnBytes, Epilogue.NONE);
    }

    @Override
    public Prediction on(Chip chip) {
        int plan = plan(chip);
        double bytes = (double) BF16 * k * (weightRows + numRows) + columnBytes * numRows * weightRows;
        return parts(chip, plan, numRows, weightRows, k, epilogue.instructions)
                .predict(bytes, 2.0 * numRows * weightRows * k);
    }

    private int plan(Chip chip) {
        return TiledBlock.select(numRows, weightRows, k, chip.numMultiprocessors());
    }

    @Override
    public TiledBlock block(Chip chip) {
        return TiledBlock.block(plan(chip));
    }

    /**
     * All parts of a product that is cut so.
     *
     * @param more as in {@link Pipeline#add}
     */
    static Pipeline parts(
            Chip chip, int plan, int numRows, int weightRows, int k, Pipeline.Instructions more) {
        TiledBlock block = TiledBlock.block(plan);
        int tiles = TiledBlock.numRowTiles(plan);
        var pipeline = new Pipeline(chip, block);
        for (int i = 0; i < tiles * block.numParts(weightRows); i++) {
            pipeline.add(k, block.tileRows(numRows, tiles), more);
        }
        return pipeline;
    }
}
