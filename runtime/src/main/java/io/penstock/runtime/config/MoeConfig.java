package io.penstock.runtime.config;

/**
 * The mixture of experts in the layers after the dense ones.
 *
 * @param expertWidth rows of an expert's w1 and w3
 * @param useExpertBias whether a bias is added to the scores for selection; it never enters the weights
 * @param normTopkProb whether the weights of the chosen experts are divided by their sum
 * @param routedScalingFactor multiplies the weights, after normalising
 */
public record MoeConfig(
        int numExperts,
        int expertsPerToken,
        int expertWidth,
        boolean useExpertBias,
        boolean normTopkProb,
        double routedScalingFactor) {
    /** No experts: every layer is dense. */
    public static final MoeConfig NONE = new MoeConfig(0, 0, 0, false, false, 1);
}
