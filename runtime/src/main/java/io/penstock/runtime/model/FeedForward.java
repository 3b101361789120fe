package io.penstock.runtime.model;

/** What mixes channels in a layer; dense in the first layers, sparse in the others of a mixture-of-experts model. */
public sealed interface FeedForward {
    /**
     * SwiGLU: {@code down(silu(gate(x)) * up(x))}.
     *
     * @param gateUp [2 width, hidden]: w1 (gate) and w3 (up), paired as the backend reads them
     * @param down [hidden, width]: w2
     */
    record Dense(Weight gateUp, Weight down) implements FeedForward {}

    /**
     * Mixture of SwiGLU experts with a sigmoid router.
     *
     * @param gate [experts, hidden]
     * @param expertBias [experts] in float32, added for the selection only; null if the model has none
     * @param gateUp experts x [2 width, hidden]
     * @param down experts x [hidden, width]
     */
    record SparseMoe(Weight gate, Weight expertBias, Weight gateUp, Weight down, RouterRule rule)
            implements FeedForward {}

    /**
     * How router scores become weights.
     *
     * @param expertsPerToken experts chosen for a token
     * @param normTopkProb weights are divided by (their sum + 1e-6)
     * @param routedScalingFactor weights are multiplied by this at the end
     */
    record RouterRule(int numExperts, int expertsPerToken, boolean normTopkProb, double routedScalingFactor) {}
}
