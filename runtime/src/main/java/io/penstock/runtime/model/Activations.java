package io.penstock.runtime.model;

/**
 * The tensors between operations, one set for a runner's life.
 *
 * @param residual [tokens, hidden]: the residual stream
 * @param x [tokens, hidden]: normalised input of an operator, and the operator's inner result
 * @param projected [tokens, widest projection]: B, C, x or q, k, v
 * @param mixed [tokens, hidden or heads 64]
 * @param update [tokens, hidden]: what is added to the residual stream
 * @param experts tensors of the feed-forward part
 * @param head tensors of the LM head
 */
public record Activations(
        Tensor residual, Tensor x, Projections projected, Tensor mixed, Tensor update, Experts experts, Head head) {

    /**
     * Outputs of an operator's input projection, one a kind.
     *
     * @param bcx [tokens, 3 hidden]
     * @param qkv [tokens, (heads + 2 kvHeads) 64]
     */
    public record Projections(Tensor bcx, Tensor qkv) {}

    /**
     * Feed-forward tensors; the sparse ones are null in a dense model, the dense one in a model without dense layers.
     *
     * @param dense [tokens, dense width]
     * @param inner [tokens expertsPerToken, expert width]
     * @param outer [tokens expertsPerToken, hidden]
     */
    public record Experts(Tensor dense, Tensor inner, Tensor outer, Routing routing) {}

    /**
     * The LM head's tensors.
     *
     * @param hidden [logit rows, hidden]
     * @param logits [logit rows, vocab]
     */
    public record Head(Tensor hidden, Tensor logits) {}

    /** Sets the rows in use for a step. */
    public void useRows(int numTokens, int numLogits) {
        residual.useRows(numTokens);
        x.useRows(numTokens);
        projected.bcx().useRows(numTokens);
        projected.qkv().useRows(numTokens);
        mixed.useRows(numTokens);
        update.useRows(numTokens);
        if (experts.dense() != null) {
            experts.dense().useRows(numTokens);
        }
        if (experts.routing() != null) {
            int numPairs = numTokens * experts.routing().expertsPerToken();
            experts.inner().useRows(numPairs);
            experts.outer().useRows(numPairs);
        }
        head.hidden().useRows(numLogits);
        head.logits().useRows(numLogits);
    }
}
