package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;

/**
 * A product on tiles with rows behind it in its launch, drawn eight tokens at a time when all parts of the product that
 * they need are done.
 *
 * @param rowBytes of what is done with the rows, which the product has just written
 * @param pieceSeconds of eight tokens, from their rows in L2 to what is left of them
 */
record RowsBehind(TiledProduct product, int numTokens, double rowBytes, double pieceSeconds)
        implements KernelModel {
    /** From a row in L2 to its norm. */
    static final double ROW_SECONDS = 0.6e-6;

    private static final int PIECE_TOKENS = 8;

    @Override
    public Prediction on(Chip chip) {
        Prediction alone = product.on(chip);
        int numBlocks = chip.numMultiprocessors() * product.block(chip).blocksPerMultiprocessor();
        int rounds = Math.ceilDiv(Math.ceilDiv(numTokens, PIECE_TOKENS), numBlocks);
        double memory = rowBytes / (RowOperation.MEMORY_SHARE * chip.copyBytesPerSecond());
        double rows = Chip.FLAG_SECONDS + Math.max(memory + pieceSeconds, rounds * pieceSeconds);
        Bound bound = rows > alone.seconds() ? Bound.LATENCY : alone.bound();
        double bytes = alone.bytes() + rowBytes;
        return new Prediction(
                alone.seconds() + rows, chip.floorSeconds(bytes, alone.flops()), bound, bytes, alone.flops());
    }
}
