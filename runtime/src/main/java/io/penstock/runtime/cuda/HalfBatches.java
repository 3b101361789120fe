package io.penstock.runtime.cuda;

import io.penstock.runtime.config.ModelConfig;
import java.util.Optional;

/**
 * Which decode steps are run as two half-batches beside each other, and how: each half reads all weights, so both need
 * enough rows that products take longer than that; and the second is some layers behind the first, so that the
 * attention of one comes beside products of the other.
 *
 * @param leastSeqs of a step that is run so; {@link #NEVER} for none
 * @param lagLayers layers that the second half is behind
 */
public record HalfBatches(int leastSeqs, int lagLayers) {
    /**
     * Rows of a half for an expert, or for any weight of a dense model, from which two halves are predicted to take
     * less time than one batch, on H100 and H200; {@code KernelPredictionTest} holds the two together.
     */
    public static final int USUAL_ROWS = 256;

    /** How many multiprocessors each half has: one for so many. */
    static final int NUM_HALVES = 2;

    private static final int NEVER = Integer.MAX_VALUE;

    /** No step. */
    public static final HalfBatches NONE = new HalfBatches(NEVER, 0);

    /**
     * For a model.
     *
     * @param leastRows of a half for an expert, or for any weight of a dense model; 0 for no step at all
     */
    public static HalfBatches of(ModelConfig config, int leastRows) {
        if (leastRows == 0) {
            return NONE;
        }
        long rows = config.isMoe()
                ? Math.ceilDiv((long) leastRows * config.moe().numExperts(), config.moe().expertsPerToken())
                : leastRows;
        int lag = Math.round(config.numLayers() / (2f * Math.max(1, config.numAttentionLayers())));
        return new HalfBatches((int) Math.min(NEVER, NUM_HALVES * rows), Math.min(lag, config.numLayers() - 1));
    }

    /** Whether steps of so many sequences can have halves. */
    boolean isFor(int numSeqs) {
        return numSeqs >= leastSeqs;
    }

    /** What a log says of it where steps have so many sequences at most; nothing where nobody asked for it. */
    Optional<String> describe(int maxNumSeqs) {
        return leastSeqs == NEVER ? Optional.empty() : Optional.of("decode steps of at least " + leastSeqs
                + " sequences are run as two halves beside each other"
                + (isFor(maxNumSeqs) ? "" : ": there are none, with at most " + maxNumSeqs));
    }

    /** Sequences of the first half; the rest, no more than that, are the second. */
    static int numFirst(int numSeqs) {
        return Math.ceilDiv(numSeqs, NUM_HALVES);
    }
}
