package io.penstock.runtime.model;

/** What mixes tokens in a layer; chosen by the checkpoint's layer types at load. */
public sealed interface LayerOperator {
    /**
     * Gated short convolution: {@code B, C, x = inProj(h); out = outProj(C * conv(B * x))}.
     *
     * @param inProj [3 hidden, hidden], chunks B, C, x
     * @param conv [hidden, taps], oldest tap first
     * @param outProj [hidden, hidden]
     * @param convLayer which of the conv layers this is, from 0: index of its state
     */
    record ShortConv(Weight inProj, Weight conv, Weight outProj, int convLayer) implements LayerOperator {}

    /**
     * Grouped-query attention with normalised queries and keys.
     *
     * @param qkvProj [(heads + 2 kvHeads) 64, hidden], rows of q, then k, then v
     * @param qNorm [64]
     * @param kNorm [64]
     * @param outProj [hidden, heads 64]
     * @param attentionLayer which of the attention layers this is, from 0: index of its KV blocks
     */
    record Attention(Weight qkvProj, Weight qNorm, Weight kNorm, Weight outProj, int attentionLayer)
            implements LayerOperator {}
}
