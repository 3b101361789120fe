package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;

/**
 * Sampling's scan of rows whose logits are in memory: by their bytes, or by its instructions.
 *
 * @param instructions of warps, of PTX, for a logit: the emulator counts them
 */
public record LogitsScan(int numRows, int vocab, double instructions) implements KernelModel {
    /** Where all rows take the largest logit. */
    public static final double GREEDY = 1.7;

    /** Where all run a race at a temperature. */
    public static final double TEMPERATURE = 4.9;

    private static final int FLOAT = 4;

    @Override
    public Prediction on(Chip chip) {
        double logits = (double) numRows * vocab;
        double memory = FLOAT * logits / chip.readBytesPerSecond();
        double issues =
                instructions * logits / (chip.numMultiprocessors() * Chip.ISSUES_PER_CLOCK * Chip.CLOCKS_PER_SECOND);
        return new Prediction(Math.max(memory, issues) + Chip.FILL_SECONDS, chip.floorSeconds(FLOAT * logits, 0),
                memory > issues ? Bound.MEMORY : Bound.LATENCY, FLOAT * logits, 0);
    }
}
