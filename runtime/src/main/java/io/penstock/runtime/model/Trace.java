package io.penstock.runtime.model;

/** Sees the tensors of a forward pass as they are made, to compare them with another engine's. */
public interface Trace {
    /** Looks at nothing. */
    Trace NONE = new Trace() {};

    /** Embedding rows [tokens, hidden]. */
    default void embedding(Tensor hidden) {}

    /** Output of the convolution or attention of a layer [tokens, hidden], before the residual addition. */
    default void operator(int layer, Tensor update) {}

    /** Experts chosen in a layer; may be overwritten, to force another engine's choice. */
    default void routing(int layer, Routing routing) {}

    /** Output of the feed-forward part of a layer [tokens, hidden], before the residual addition. */
    default void feedForward(int layer, Tensor update) {}

    /** Residual stream after a layer [tokens, hidden]. */
    default void hidden(int layer, Tensor residual) {}

    /** Rows that go through the LM head, after the final norm [logit rows, hidden]. */
    default void finalNorm(Tensor hidden) {}
}
