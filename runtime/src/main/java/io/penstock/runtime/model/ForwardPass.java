package io.penstock.runtime.model;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.model.FeedForward.Dense;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.LayerOperator.Attention;
import io.penstock.runtime.model.LayerOperator.ShortConv;

/**
 * The model, layer by layer, as the LFM2 paper describes it. A layer's input comes normalised: the addition of an
 * update to the residual stream and the norm behind it are one operation, so each layer ends with the next one's norm,
 * and the last with the norm before the head. Owns nothing; one thread at a time.
 */
public final class ForwardPass {
    private final ModelWeights weights;
    private final Ops ops;
    private final Activations a;
    private final Trace trace;

    public ForwardPass(ModelWeights weights, Ops ops, Activations activations, Trace trace) {
        this.weights = weights;
        this.ops = ops;
        this.a = activations;
        this.trace = trace;
    }

    /**
     * Runs a step. The logits [logit rows, vocab] of the rows that the batch asks for go to {@code head().logits()}.
     */
    public void run(ForwardBatch batch) {
        ops.beginStep(batch);
        if (batch.numTokens() > 0) {
            compute(batch);
        }
    }

    /** A step's operations on its tokens, of which there is one at least; {@link Ops#beginStep} came before. */
    public void compute(ForwardBatch batch) {
        begin(batch);
        for (int i = 0; i < weights.layers().length; i++) {
            layer(i, batch);
        }
        end(batch);
    }

    /** What comes before the layers. */
    public void begin(ForwardBatch batch) {
        a.useRows(batch.numTokens(), batch.numLogits());
        ops.embed(a.residual(), weights.embedTokens(), batch);
        trace.embedding(a.residual());
        ops.rmsNorm(a.x(), a.residual(), weights.layers()[0].operatorNorm());
    }

    /** A layer, of the rows that are in use. */
    public void layer(int i, ForwardBatch batch) {
        Layer[] layers = weights.layers();
        Layer layer = layers[i];
        switch (layer.operator()) {
            case ShortConv conv -> shortConv(conv, batch);
            case Attention attention -> attention(attention, batch);
        }
        trace.operator(i, a.update());
        Weight nextNorm = i + 1 < layers.length ? layers[i + 1].operatorNorm() : weights.embeddingNorm();
        switch (layer.feedForward()) {
            case Dense dense -> dense(i, layer.ffnNorm(), dense, nextNorm);
            case SparseMoe moe -> sparseMoe(i, layer.ffnNorm(), moe, nextNorm);
        }
        trace.hidden(i, a.residual());
    }

    /** What comes behind the layers. */
    public void end(ForwardBatch batch) {
        if (batch.numLogits() > 0) {
            logits(batch);
        }
    }

    private void shortConv(ShortConv conv, ForwardBatch batch) {
        ops.inProjShortConv(
                a.mixed(), a.projected().bcx(), a.x(), conv.inProj(), conv.conv(), conv.convLayer(), batch);
        ops.linear(a.update(), a.mixed(), conv.outProj());
    }

    private void attention(Attention attention, ForwardBatch batch) {
        Tensor qkv = a.projected().qkv();
        ops.qkvNormRopeStore(qkv, a.x(), attention, batch);
        ops.attention(a.mixed(), qkv, attention.attentionLayer(), batch);
        ops.linear(a.update(), a.mixed(), attention.outProj());
    }

    private void dense(int layer, Weight ffnNorm, Dense dense, Weight nextNorm) {
        Tensor inner = a.experts().dense();
        ops.addRmsNorm(a.residual(), a.x(), a.update(), ffnNorm);
        ops.linearSiluAndMul(inner, a.x(), dense.gateUp());
        ops.linear(a.update(), inner, dense.down());
        trace.feedForward(layer, a.update());
        ops.addRmsNorm(a.residual(), a.x(), a.update(), nextNorm);
    }

    private void sparseMoe(int layer, Weight ffnNorm, SparseMoe moe, Weight nextNorm) {
        Activations.Experts e = a.experts();
        ops.addRmsNormRouteTopK(e.routing(), a.residual(), a.x(), a.update(), ffnNorm, moe);
        trace.routing(layer, e.routing());
        ops.expertsAddRmsNorm(a.residual(), a.x(), e.inner(), e.outer(), e.routing(), moe, nextNorm);
        trace.expertOutputs(layer, e.outer());
    }

    private void logits(ForwardBatch batch) {
        Activations.Head head = a.head();
        ops.gatherLast(head.hidden(), a.x(), batch);
        trace.finalNorm(head.hidden());
        ops.logits(head.logits(), head.hidden(), weights.embedTokens());
    }
}
