package io.penstock.runtime.sampling;

import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;

/** Log-softmax of the raw logits: of the row's token, its rank, and the most likely tokens. */
final class Logprobs {
    private final int numTokens;
    private final int[] topTokenIds = new int[SamplingParams.MAX_LOGPROBS];
    private final float[] topLogits = new float[SamplingParams.MAX_LOGPROBS];

    Logprobs(int numTokens) {
        this.numTokens = numTokens;
    }

    /**
     * Adds to a row of the result, which has its token, that token's log probability and rank, and up to
     * {@code numTop} most likely tokens by falling logit, ties by id; tokens of probability 0 are not among them.
     */
    void add(float[] logits, int offset, int numTop, StepResult result, int row) {
        double logNormalizer = logNormalizer(logits, offset);
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
        result.setLogprob(row, (float) (tokenLogit - logNormalizer), numInFront + 1);
        for (int i = 0; i < numKept; i++) {
            result.addTopLogprob(row, topTokenIds[i], (float) (topLogits[i] - logNormalizer));
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

    private double logNormalizer(float[] logits, int offset) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < numTokens; i++) {
            max = Math.max(max, LogitProcessors.finiteOrMinusInfinity(logits[offset + i]));
        }
        if (max == Float.NEGATIVE_INFINITY) {
            return 0;
        }
        double total = 0;
        for (int i = 0; i < numTokens; i++) {
            float logit = LogitProcessors.finiteOrMinusInfinity(logits[offset + i]);
            if (logit > Float.NEGATIVE_INFINITY) {
                total += StrictMath.exp((double) logit - max);
            }
        }
        return max + StrictMath.log(total);
    }
}
