package io.penstock.runtime.cpu;

import io.penstock.runtime.model.Routing;
import java.util.Arrays;

/**
 * Experts of each token and the same pairs grouped by expert. A pair is {@code token * expertsPerToken + slot}.
 * Grouping keeps the order of the pairs, so that it does not depend on threads.
 */
public final class CpuRouting implements Routing {
    private final int expertsPerToken;
    private final int[] expertIds;
    private final float[] weights;
    private final CpuTensor scores;
    private final int[] offsets;
    private final int[] next;
    private final int[] pairs;
    private int numPairs;

    CpuRouting(int maxTokens, int numExperts, int expertsPerToken) {
        this.expertsPerToken = expertsPerToken;
        expertIds = new int[maxTokens * expertsPerToken];
        weights = new float[maxTokens * expertsPerToken];
        scores = new CpuTensor(maxTokens, numExperts);
        offsets = new int[numExperts + 1];
        next = new int[numExperts];
        pairs = new int[maxTokens * expertsPerToken];
    }

    @Override
    public int expertsPerToken() {
        return expertsPerToken;
    }

    /** Experts [tokens, expertsPerToken] by falling selection score. */
    public int[] expertIds() {
        return expertIds;
    }

    /** Routing weights in the order of {@link #expertIds}. */
    public float[] weights() {
        return weights;
    }

    /** Unbiased scores [tokens, experts]; the router's logits before their sigmoid. */
    CpuTensor scores() {
        return scores;
    }

    /** Sorts the pairs of {@code numTokens} tokens by expert; call after writing ids and weights. */
    public void group(int numTokens) {
        numPairs = numTokens * expertsPerToken;
        Arrays.fill(offsets, 0);
        for (int p = 0; p < numPairs; p++) {
            offsets[expertIds[p] + 1]++;
        }
        for (int e = 0; e < next.length; e++) {
            offsets[e + 1] += offsets[e];
            next[e] = offsets[e];
        }
        for (int p = 0; p < numPairs; p++) {
            pairs[next[expertIds[p]]++] = p;
        }
    }

    public int numPairs() {
        return numPairs;
    }

    /** First index in {@link #pairs} of an expert; {@code numExperts} gives the end. */
    int offset(int expert) {
        return offsets[expert];
    }

    int pair(int index) {
        return pairs[index];
    }
}
