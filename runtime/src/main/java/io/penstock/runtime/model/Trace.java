package io.penstock.runtime.model;

/** Sees the tensors of a forward pass as they are made, to compare them with another engine's. */
public interface Trace {
    /** Looks at nothing. */
    Trace NONE = new Trace() {
        @Override
        public boolean looksInside() {
            return false;
        }
    };

    /**
     * Whether it looks at what is between operations, or replaces it: then those that have a fused form run as their
     * parts, with the same bits, and the last layer has all rows.
     */
    default boolean looksInside() {
        return true;
    }

    /** Embedding rows [tokens, hidden]. */
    default void embedding(Tensor hidden) {}

    /** Output of the convolution or attention of a layer [tokens, hidden], before the residual addition. */
    default void operator(int layer, Tensor update) {}

    /** Experts chosen in a layer; may be overwritten, to force another engine's choice. */
    default void routing(int layer, Routing routing) {}

    /** Output of a layer's dense feed-forward part [tokens, hidden], before the residual addition. */
    default void feedForward(int layer, Tensor update) {}

    /** Weighted outputs of a layer's chosen experts [tokens expertsPerToken, hidden], before their sum is added. */
    default void expertOutputs(int layer, Tensor expertOut) {}

    /** Residual stream after a layer [tokens, hidden]. */
    default void hidden(int layer, Tensor residual) {}

    /** Rows that go through the LM head, after the final norm [logit rows, hidden]. */
    default void finalNorm(Tensor hidden) {}
}
