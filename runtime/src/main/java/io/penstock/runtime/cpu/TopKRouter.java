package io.penstock.runtime.cpu;

import io.penstock.runtime.model.FeedForward.RouterRule;

/** The router's choice for one token, in float32 throughout. */
final class TopKRouter {
    private static final float SUM_EPSILON = 1e-6f;

    private TopKRouter() {}

    /** Turns router logits into scores, {@code 1 / (1 + e^-x)}, in place. */
    static void sigmoid(float[] x, int from, int n) {
        for (int e = from; e < from + n; e++) {
            x[e] = 1 / (1 + (float) StrictMath.exp(-x[e]));
        }
    }

    /**
     * Chooses a token's experts by falling score + bias, ties to the lowest index.
     *
     * @param scores of all experts, from {@code scoresFrom}
     * @param bias null if the model has none
     * @param ids receives the choice from {@code at}
     */
    static void choose(float[] scores, int scoresFrom, float[] bias, RouterRule rule, int[] ids, int at) {
        for (int slot = 0; slot < rule.expertsPerToken(); slot++) {
            int best = -1;
            float bestScore = Float.NEGATIVE_INFINITY;
            for (int e = 0; e < rule.numExperts(); e++) {
                float score = bias == null ? scores[scoresFrom + e] : scores[scoresFrom + e] + bias[e];
                if ((best < 0 || score > bestScore) && !isChosen(ids, at, slot, e)) {
                    best = e;
                    bestScore = score;
                }
            }
            ids[at + slot] = best;
        }
    }

    private static boolean isChosen(int[] ids, int at, int numChosen, int expert) {
        for (int i = 0; i < numChosen; i++) {
            if (ids[at + i] == expert) {
                return true;
            }
        }
        return false;
    }

    /** Weighs the chosen experts by their unbiased scores. */
    static void weigh(float[] scores, int scoresFrom, RouterRule rule, int[] ids, float[] weights, int at) {
        float sum = 0;
        for (int slot = at; slot < at + rule.expertsPerToken(); slot++) {
            sum += scores[scoresFrom + ids[slot]];
        }
        float divisor = rule.normTopkProb() ? sum + SUM_EPSILON : 1;
        for (int slot = at; slot < at + rule.expertsPerToken(); slot++) {
            weights[slot] = scores[scoresFrom + ids[slot]] / divisor * (float) rule.routedScalingFactor();
        }
    }
}
