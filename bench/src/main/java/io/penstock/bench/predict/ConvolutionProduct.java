package io.penstock.bench.predict;

import io.penstock.kernels.TiledBlock;

/**
 * {@code in_proj_short_conv} on tiles, in a decode step.
 *
 * @param hidden channels, of which each has a row of B, of C and of x in the weight
 */
public record ConvolutionProduct(int numSeqs, int hidden) implements KernelModel {
    private static final int BF16 = 2;

    /** Of x, the result, and the two columns of a state that are read and written. */
    private static final double VALUES = 6;

    /** Of warps, for a sum, beside those of storing one: the emulator counts them in PTX. */
    private static final Pipeline.Instructions MORE_INSTRUCTIONS = new Pipeline.Instructions(0.35, 0);

    @Override
    public Prediction on(Chip chip) {
        int plan = TiledBlock.selectInProj(numSeqs, hidden, chip.numMultiprocessors());
        double bytes = BF16 * hidden * (3.0 * hidden + VALUES * numSeqs);
        return DenseProduct.parts(chip, plan, numSeqs, 3 * hidden, hidden, MORE_INSTRUCTIONS)
                .predict(bytes, 6.0 * numSeqs * hidden * hidden);
    }
}
