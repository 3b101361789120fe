package io.penstock.runtime;

/**
 * Which tokens may be drawn, by their probability.
 *
 * @param topK keep the k largest logits and all ties with the k-th; 0 or less is off
 * @param topP keep the most likely tokens while the mass in front of each is below this; 1 is off; above 0
 * @param minP keep tokens with at least this share of the largest probability; 0 is off
 */
public record TokenFilters(int topK, double topP, double minP) {
    public static final TokenFilters NONE = new TokenFilters(0, 1, 0);

    public TokenFilters {
        if (topK < -1) {
            throw new InputException("top_k must be -1 or 0 (off) or at least 1, not " + topK);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new InputException("top_p must be above 0 and at most 1, not " + topP);
        }
        if (!(minP >= 0 && minP <= 1)) {
            throw new InputException("min_p must be between 0 and 1, not " + minP);
        }
    }

    /** The smallest (logit - largest) / temperature that min_p keeps: its logarithm, minus infinity when it is off. */
    public double minScaled() {
        return minP > 0 ? StrictMath.log(minP) : Double.NEGATIVE_INFINITY;
    }
}
