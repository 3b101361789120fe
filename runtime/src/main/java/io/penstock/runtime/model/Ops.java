package io.penstock.runtime.model;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.model.FeedForward.SparseMoe;

/**
 * The operations that the family is made of, on one device. Outputs come first and are overwritten; shapes are
 * [rows, columns] of the tensors given, with {@code tokens} rows unless said otherwise. The result of a row depends on
 * that row, its sequence and the weights alone, never on the other rows of the batch or on how a prompt was cut.
 */
public interface Ops {
    /**
     * Does the batch's copies, then takes over its block updates; called once a step, before its first operation and
     * also when it has none.
     */
    void beginStep(ForwardBatch batch);

    /** {@code out[t] = embedTokens[tokenIds[t]]}; {@code out} [tokens, hidden]. */
    void embed(Tensor out, Weight embedTokens, ForwardBatch batch);

    /** {@code out = x / sqrt(mean(x^2) + eps) * weight}, row by row. */
    void rmsNorm(Tensor out, Tensor x, Weight weight);

    /** {@code residual += update; out = rmsNorm(residual, weight)}. */
    void addRmsNorm(Tensor residual, Tensor out, Tensor update, Weight weight);

    /** {@code out = x weightᵀ}; {@code x} [rows, in], {@code weight} [out, in]. */
    void linear(Tensor out, Tensor x, Weight weight);

    /** {@code out = silu(x gateᵀ) * (x upᵀ)}; {@code out} [tokens, width], {@code gateUp} [2 width, hidden]. */
    void linearSiluAndMul(Tensor out, Tensor x, Weight gateUp);

    /**
     * {@code bcx = x inProjᵀ; out[t] = C[t] * sum_i conv[i] * (B x)[t - taps + 1 + i]}. Reads and writes the conv slots
     * of the batch and writes the snapshots that it asks for.
     *
     * @param bcx [tokens, 3 hidden], holds the projection where the backend does not fuse it; its content is undefined
     *     afterwards
     */
    void inProjShortConv(
            Tensor out, Tensor bcx, Tensor x, Weight inProj, Weight conv, int convLayer, ForwardBatch batch);

    /**
     * Normalises each head of q and k, rotates them by their position (half-split RoPE), leaves q in {@code qkv}, and
     * stores k and v in the KV blocks; {@code qkv} [tokens, (heads + 2 kvHeads) 64].
     */
    void qkNormRopeStore(Tensor qkv, Weight qNorm, Weight kNorm, int attentionLayer, ForwardBatch batch);

    /**
     * The projection and what follows it: {@link #linear} of {@code x} to {@code qkv}, then {@link #qkNormRopeStore}.
     * What was k and v in {@code qkv}, and q of padding, is undefined afterwards.
     */
    default void qkvNormRopeStore(Tensor qkv, Tensor x, LayerOperator.Attention attention, ForwardBatch batch) {
        linear(qkv, x, attention.qkvProj());
        qkNormRopeStore(qkv, attention.qNorm(), attention.kNorm(), attention.attentionLayer(), batch);
    }

    /** Whether {@link #qkvNormRopeStore} is an operation of its own. */
    default boolean hasQkvNormRopeStore() {
        return false;
    }

    /** {@code out = softmax(q kᵀ / 8) v} over a token's own and earlier positions; {@code out} [tokens, heads 64]. */
    void attention(Tensor out, Tensor qkv, int attentionLayer, ForwardBatch batch);

    /**
     * {@link #addRmsNorm}, then routes its {@code out}: {@code s = sigmoid(gate(out))}; chooses the experts with the
     * largest {@code s + expertBias} (ties to the lowest index) and weighs them by {@code s}, by the rule of
     * {@code moe}.
     */
    void addRmsNormRouteTopK(
            Routing routing, Tensor residual, Tensor out, Tensor update, Weight weight, SparseMoe moe);

    /**
     * The product whose rows are the update, and what follows it: {@link #linear} of {@code x} to {@code update}, then
     * {@link #addRmsNorm}.
     *
     * @param norm the weight of the norm
     */
    default void linearAddRmsNorm(
            Tensor residual, Tensor out, Tensor update, Tensor x, Weight weight, Weight norm) {
        linear(update, x, weight);
        addRmsNorm(residual, out, update, norm);
    }

    /** The same with {@link #addRmsNormRouteTopK} behind the product. */
    default void linearAddRmsNormRouteTopK(Routing routing, Tensor residual, Tensor out, Tensor update, Tensor x,
            Weight weight, Weight norm, SparseMoe moe) {
        linear(update, x, weight);
        addRmsNormRouteTopK(routing, residual, out, update, norm, moe);
    }

    /** Whether {@link #linearAddRmsNorm} and {@link #linearAddRmsNormRouteTopK} are operations of their own. */
    default boolean hasLinearAddRmsNorm() {
        return false;
    }

    /** {@link #linearSiluAndMul} of each chosen expert; {@code out} [tokens expertsPerToken, width]. */
    void groupedLinearSiluAndMul(Tensor out, Tensor x, Weight gateUp, Routing routing);

    /** Each chosen expert's {@link #linear} times its routing weight; {@code out} [tokens expertsPerToken, hidden]. */
    void groupedLinear(Tensor out, Tensor x, Weight down, Routing routing);

    /**
     * {@link #addRmsNorm} of the update {@code sum over slots of expertOut[t expertsPerToken + slot]}, taken in the
     * order of the slots and rounded as a tensor is.
     */
    void combineAddRmsNorm(Tensor residual, Tensor out, Tensor expertOut, Routing routing, Weight weight);

    /**
     * The product whose rows are summed, and what follows it: {@link #groupedLinear} of {@code inner} to {@code outer},
     * then {@link #combineAddRmsNorm} of that.
     *
     * @param norm the weight of the norm
     */
    default void groupedLinearAddRmsNorm(
            Tensor residual, Tensor out, Tensor outer, Tensor inner, Routing routing, Weight down, Weight norm) {
        groupedLinear(outer, inner, down, routing);
        combineAddRmsNorm(residual, out, outer, routing, norm);
    }

    /** Whether {@link #groupedLinearAddRmsNorm} is an operation of its own. */
    default boolean hasGroupedLinearAddRmsNorm() {
        return false;
    }

    /**
     * All of these, one behind the other: {@link #groupedLinearSiluAndMul} of {@code x} to {@code inner}, then
     * {@link #groupedLinearAddRmsNorm} of it to {@code outer}, {@code residual} and {@code x}.
     *
     * @param norm the weight of the norm
     */
    default void expertsAddRmsNorm(
            Tensor residual, Tensor x, Tensor inner, Tensor outer, Routing routing, SparseMoe moe, Weight norm) {
        groupedLinearSiluAndMul(inner, x, moe.gateUp(), routing);
        groupedLinearAddRmsNorm(residual, x, outer, inner, routing, moe.down(), norm);
    }

    /** Whether {@link #expertsAddRmsNorm} is an operation of its own for so many tokens. */
    default boolean hasExpertsAddRmsNorm(int numTokens) {
        return false;
    }

    /** {@code out[r] = x[logitToken(r)]}: the rows that go through the LM head. */
    void gatherLast(Tensor out, Tensor x, ForwardBatch batch);

    /** {@code out = x embedTokensᵀ} in float32; {@code out} [logit rows, vocab]. */
    void logits(Tensor out, Tensor x, Weight embedTokens);
}
