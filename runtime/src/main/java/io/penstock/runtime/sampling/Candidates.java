package io.penstock.runtime.sampling;

import io.penstock.runtime.TokenFilters;

/**
 * The tokens that may be drawn, by rising id: first all processed logits, then those that temperature, min_p, top_k
 * and top_p leave, with their scaled logits {@code (logit - largest) / temperature}. One set of buffers, used again.
 */
final class Candidates {
    /**
     * Below this scaled logit a vocabulary of 2^31 tokens weighs less than 2^-53 of the most likely one, so that no
     * nucleus below 1 reaches it in double precision.
     */
    private static final double NUCLEUS_FLOOR = -60;
    /** Rounding of the logarithm must not drop what the exact comparison keeps. */
    private static final double LOG_SLACK = 1e-9;

    private final int numTokens;
    private final double[] values;
    private final double[] weights;
    private final int[] tokenIds;
    private final RadixSelect select;
    private int size;
    private int mostLikely;

    /** For logits of {@code vocabSize} tokens, of which the first {@code numTokens} may be drawn. */
    Candidates(int vocabSize, int numTokens) {
        this.numTokens = numTokens;
        values = new double[vocabSize];
        weights = new double[numTokens];
        tokenIds = new int[numTokens];
        select = new RadixSelect(numTokens);
    }

    /** Where processed logits are put, by token id, before {@link #filter} or {@link #keepMostLikely}. */
    double[] values() {
        return values;
    }

    int size() {
        return size;
    }

    int tokenId(int index) {
        return tokenIds[index];
    }

    /** {@code (logit - largest) / temperature}: 0 for the most likely tokens, negative for the others. */
    double scaledLogit(int index) {
        return values[index];
    }

    /** The index of the most likely candidate, the lowest on ties. */
    int mostLikely() {
        return mostLikely;
    }

    /** Leaves one token alone. */
    void keepOnly(int tokenId) {
        tokenIds[0] = tokenId;
        values[0] = 0;
        mostLikely = 0;
        size = 1;
    }

    /** The token with the largest value, the lowest id on ties; -1 when all are minus infinity. */
    int argmax() {
        int best = -1;
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < numTokens; i++) {
            if (values[i] > max) {
                max = values[i];
                best = i;
            }
        }
        return best;
    }

    /** Leaves what the filters keep. The largest value is that of token {@code argmax}, and is not minus infinity. */
    void filter(int argmax, double temperature, TokenFilters filters) {
        double max = values[argmax];
        double smallest = filters.topK() > 0 && filters.topK() < numTokens
                ? select.kthLargest(values, numTokens, filters.topK()) : Double.NEGATIVE_INFINITY;
        double floor = filters.topP() < 1 ? NUCLEUS_FLOOR : Double.NEGATIVE_INFINITY;
        if (filters.minP() > 0) {
            floor = Math.max(floor, StrictMath.log(filters.minP()) - LOG_SLACK);
        }
        int kept = 0;
        for (int i = 0; i < numTokens; i++) {
            double value = values[i];
            if (value >= smallest && value > Double.NEGATIVE_INFINITY) {
                double scaled = (value - max) / temperature;
                tokenIds[kept] = i;
                values[kept] = scaled;
                kept += scaled >= floor ? 1 : 0;
            }
        }
        size = kept;
        if (filters.minP() > 0 || filters.topP() < 1) {
            weigh();
            keepAtLeast(filters.minP());
            if (filters.topP() < 1) {
                keepNucleus(filters.topP());
            }
        }
        mostLikely = 0;
        for (int i = 1; i < size; i++) {
            if (values[i] > values[mostLikely]) {
                mostLikely = i;
            }
        }
    }

    /** Fills {@code probs} [vocabSize] with the candidates' probabilities, and 0 for all other tokens. */
    void distribution(double[] probs) {
        weigh();
        double total = 0;
        for (int i = 0; i < size; i++) {
            total += weights[i];
        }
        for (int i = 0; i < values.length; i++) {
            probs[i] = 0;
        }
        for (int i = 0; i < size; i++) {
            probs[tokenIds[i]] = weights[i] / total;
        }
    }

    private void weigh() {
        for (int i = 0; i < size; i++) {
            weights[i] = StrictMath.exp(values[i]);
        }
    }

    private void keepAtLeast(double minP) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (weights[i] >= minP) {
                move(i, kept++);
            }
        }
        size = kept;
    }

    private void keepNucleus(double topP) {
        double total = 0;
        for (int i = 0; i < size; i++) {
            total += weights[i];
        }
        double limit = topP * total;
        double threshold = select.massThreshold(weights, size, limit);
        double massInFront = 0;
        for (int i = 0; i < size; i++) {
            if (weights[i] > threshold) {
                massInFront += weights[i];
            }
        }
        int kept = 0;
        for (int i = 0; i < size; i++) {
            double weight = weights[i];
            if (weight > threshold || weight == threshold && massInFront < limit) {
                move(i, kept++);
                massInFront += weight == threshold ? weight : 0;
            }
        }
        size = kept;
    }

    private void move(int from, int to) {
        values[to] = values[from];
        weights[to] = weights[from];
        tokenIds[to] = tokenIds[from];
    }
}
