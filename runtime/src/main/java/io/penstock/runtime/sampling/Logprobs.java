package io.penstock.runtime.sampling;

import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;

/** Log-softmax of the raw logits: of the row's token, its rank, and the most likely tokens. */
final class Logprobs {
    private final int numTokens;
    private final int[] topTokenIds = new int[SamplingParams.MAX_LOGPROBS];
    private final float[] topLogits = new float[SamplingParams.MAX_LOGPROBS];
    private float max;

    Logprobs(int numTokens) {
        this.numTokens = numTokens;
    }

    /**
     * Adds to a row of the result, which has its token, that token's log probability and rank, and up to
     * {@code numTop} most likely tokens by falling logit, ties by id; tokens of probability 0 are not among them.
     */
    void add(float[] logits, int offset, int numTop, StepResult result, int row) {
        double logTotal = normalize(logits, offset);
        int token = result.tokenId(row);
        float tokenLogit = token < numTokens
                ? LogitProcessors.finiteOrMinusInfinity(logits[offset + token]) : Float.NEGATIVE_INFINITY;
        int numInFront = 0;
        int numKept = 0;
        for (int i = 0; i < numTokens; i++) {
            float logit = LogitProcessors.finiteOrMinusInfinity(logits[offset + i]);
            numInFront += logit > tokenLogit || logit == tokenLogit && i < token ? 1 : 0;
            if (numKept < numTop ? logit > Float.NEGATIVE_INFINITY : numTop > 0 && logit > topLogits[numTop - 1]) {
                insert(i, logit, Math.min(numKept, numTop - 1));
                numKept = Math.min(numKept + 1, numTop);
            }
        }
        result.setLogprob(row, logprob(tokenLogit, logTotal), numInFront + 1);
        for (int i = 0; i < numKept; i++) {
            result.addTopLogprob(row, topTokenIds[i], logprob(topLogits[i], logTotal));
        }
    }

    private void insert(int tokenId, float logit, int last) {
        int at = last;
        while (at > 0 && topLogits[at - 1] < logit) {
            topLogits[at] = topLogits[at - 1];
            topTokenIds[at] = topTokenIds[at - 1];
            at--;
        }
        topLogits[at] = logit;
        topTokenIds[at] = tokenId;
    }

    /**
     * Sets the largest logit and the logarithm of what all tokens weigh beside it: tile by tile, in integers, as a
     * device does. Returns that logarithm.
     */
    private double normalize(float[] logits, int offset) {
        max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < numTokens; i++) {
            max = Math.max(max, LogitProcessors.finiteOrMinusInfinity(logits[offset + i]));
        }
        if (max == Float.NEGATIVE_INFINITY) {
            max = 0;
            return 0;
        }
        double scale = TokenMass.scale(1);
        double topOctaves = TokenMass.octaves(max, scale);
        int topOctave = TokenMass.octave(topOctaves);
        long total = 0;
        for (int first = 0; first < numTokens; first += 1 << TokenMass.TILE_BITS) {
            int end = Math.min(first + (1 << TokenMass.TILE_BITS), numTokens);
            total += tileMass(logits, offset + first, offset + end, scale, topOctave);
        }
        return StrictMath.log((double) total / TokenMass.of(topOctaves, topOctave));
    }

    private static long tileMass(float[] logits, int first, int end, double scale, int topOctave) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = first; i < end; i++) {
            largest = Math.max(largest, LogitProcessors.finiteOrMinusInfinity(logits[i]));
        }
        int tileOctave = TokenMass.octave(TokenMass.octaves(largest, scale));
        long mass = 0;
        for (int i = first; i < end; i++) {
            float logit = LogitProcessors.finiteOrMinusInfinity(logits[i]);
            if (logit > Float.NEGATIVE_INFINITY) {
                mass += TokenMass.of(TokenMass.octaves(logit, scale), tileOctave);
            }
        }
        return TokenMass.lowered(mass, tileOctave, topOctave);
    }

    private float logprob(float logit, double logTotal) {
        return (float) ((double) logit - max - logTotal);
    }
}
