package io.penstock.runtime.sampling;

import io.penstock.runtime.TokenFilters;

/**
 * The tokens that may be drawn, by rising id: first all processed logits, then those that temperature, min_p, top_k
 * and top_p leave, with their scaled logits {@code (logit - largest) / temperature}. One set of buffers, used again.
 */
final class Candidates {
    private final int numTokens;
    private final double[] values;
    private final double[] octaves;
    private final long[] masses;
    private final int[] tokenIds;
    private final RadixSelect select;
    private int size;
    private int mostLikely;

    /** For logits of {@code vocabSize} tokens, of which the first {@code numTokens} may be drawn. */
    Candidates(int vocabSize, int numTokens) {
        this.numTokens = numTokens;
        values = new double[vocabSize];
        octaves = new double[numTokens];
        masses = new long[numTokens];
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
        boolean cuts = filters.topK() > 0 && filters.topK() < numTokens;
        double smallest = cuts ? select.kthLargest(values, numTokens, filters.topK()) : Double.NEGATIVE_INFINITY;
        double minScaled = filters.minScaled();
        int kept = 0;
        for (int i = 0; i < numTokens; i++) {
            double value = values[i];
            if (value >= smallest && value > Double.NEGATIVE_INFINITY) {
                tokenIds[kept] = i;
                values[kept] = value;
                kept += (value - max) / temperature >= minScaled ? 1 : 0;
            }
        }
        size = kept;
        if (filters.topP() < 1) {
            double scale = TokenMass.scale(temperature);
            int topOctave = weigh(max, scale);
            long total = cuts || filters.minP() > 0 ? mass() : massByTiles(topOctave);
            keepNucleus(TokenMass.nucleusLimit(filters.topP(), total));
        }
        mostLikely = 0;
        for (int i = 0; i < size; i++) {
            values[i] = (values[i] - max) / temperature;
            if (values[i] > values[mostLikely]) {
                mostLikely = i;
            }
        }
    }

    /** Fills {@code probs} [vocabSize] with the candidates' probabilities, and 0 for all other tokens. */
    void distribution(double[] probs) {
        double total = 0;
        for (int i = 0; i < size; i++) {
            octaves[i] = StrictMath.exp(values[i]);
            total += octaves[i];
        }
        for (int i = 0; i < values.length; i++) {
            probs[i] = 0;
        }
        for (int i = 0; i < size; i++) {
            probs[tokenIds[i]] = octaves[i] / total;
        }
    }

    /** Sets the masses of all candidates, relative to the largest value; returns its octave. */
    private int weigh(double max, double scale) {
        int topOctave = TokenMass.octave(TokenMass.octaves(max, scale));
        for (int i = 0; i < size; i++) {
            octaves[i] = TokenMass.octaves(values[i], scale);
            masses[i] = TokenMass.of(octaves[i], topOctave);
        }
        return topOctave;
    }

    private long mass() {
        long total = 0;
        for (int i = 0; i < size; i++) {
            total += masses[i];
        }
        return total;
    }

    /** As a device sums a row that it sees tile by tile, before it knows the row's largest value. */
    private long massByTiles(int topOctave) {
        long total = 0;
        int end;
        for (int first = 0; first < size; first = end) {
            int tile = tokenIds[first] >>> TokenMass.TILE_BITS;
            double largest = octaves[first];
            for (end = first; end < size && tokenIds[end] >>> TokenMass.TILE_BITS == tile; end++) {
                largest = Math.max(largest, octaves[end]);
            }
            int tileOctave = TokenMass.octave(largest);
            long mass = 0;
            for (int i = first; i < end; i++) {
                mass += TokenMass.of(octaves[i], tileOctave);
            }
            total += TokenMass.lowered(mass, tileOctave, topOctave);
        }
        return total;
    }

    private void keepNucleus(long limit) {
        double threshold = select.massThreshold(values, masses, size, limit);
        long massInFront = 0;
        for (int i = 0; i < size; i++) {
            if (values[i] > threshold) {
                massInFront += masses[i];
            }
        }
        int kept = 0;
        for (int i = 0; i < size; i++) {
            boolean isTie = values[i] == threshold;
            if (values[i] > threshold || isTie && massInFront < limit) {
                massInFront += isTie ? masses[i] : 0;
                values[kept] = values[i];
                tokenIds[kept++] = tokenIds[i];
            }
        }
        size = kept;
    }
}
