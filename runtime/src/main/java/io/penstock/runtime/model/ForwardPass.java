package io.penstock.runtime.model;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.model.FeedForward.Dense;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.LayerOperator.Attention;
import io.penstock.runtime.model.LayerOperator.ShortConv;

/** The model, layer by layer, as the LFM2 paper describes it. Owns nothing; one thread at a time. */
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
        a.useRows(batch.numTokens(), batch.numLogits());
        ops.beginStep(batch);
        if (batch.numTokens() == 0) {
            return;
        }
        ops.embed(a.residual(), weights.embedTokens(), batch);
        trace.embedding(a.residual());
        Layer[] layers = weights.layers();
        for (int i = 0; i < layers.length; i++) {
            Layer layer = layers[i];
            ops.rmsNorm(a.x(), a.residual(), layer.operatorNorm());
            switch (layer.operator()) {
                case ShortConv conv -> shortConv(conv, batch);
                case Attention attention -> attention(attention, batch);
            }
            trace.operator(i, a.update());
            ops.addRmsNorm(a.residual(), a.x(), a.update(), layer.ffnNorm());
            switch (layer.feedForward()) {
                case Dense dense -> dense(dense);
                case SparseMoe moe -> sparseMoe(i, moe);
            }
            trace.feedForward(i, a.update());
            ops.add(a.residual(), a.update());
            trace.hidden(i, a.residual());
        }
        if (batch.numLogits() > 0) {
            logits(batch);
        }
    }

    private void shortConv(ShortConv conv, ForwardBatch batch) {
        ops.linear(a.projected().bcx(), a.x(), conv.inProj());
        ops.shortConv(a.mixed(), a.projected().bcx(), conv.conv(), conv.convLayer(), batch);
        ops.linear(a.update(), a.mixed(), conv.outProj());
    }

    private void attention(Attention attention, ForwardBatch batch) {
        Tensor qkv = a.projected().qkv();
        ops.linear(qkv, a.x(), attention.qkvProj());
        ops.qkNormRopeStore(qkv, attention.qNorm(), attention.kNorm(), attention.attentionLayer(), batch);
        ops.attention(a.mixed(), qkv, attention.attentionLayer(), batch);
        ops.linear(a.update(), a.mixed(), attention.outProj());
    }

    private void dense(Dense dense) {
        ops.linearSiluAndMul(a.experts().dense(), a.x(), dense.gateUp());
        ops.linear(a.update(), a.experts().dense(), dense.down());
    }

    private void sparseMoe(int layer, SparseMoe moe) {
        Activations.Experts e = a.experts();
        ops.routeTopK(e.routing(), a.x(), moe);
        trace.routing(layer, e.routing());
        ops.groupedLinearSiluAndMul(e.inner(), a.x(), moe.gateUp(), e.routing());
        ops.groupedLinear(e.outer(), e.inner(), moe.down(), e.routing());
        ops.combineExperts(a.update(), e.outer(), e.routing());
    }

    private void logits(ForwardBatch batch) {
        Activations.Head head = a.head();
        ops.gatherLast(head.hidden(), a.residual(), batch);
        ops.rmsNorm(head.hidden(), head.hidden(), weights.embeddingNorm());
        trace.finalNorm(head.hidden());
        ops.logits(head.logits(), head.hidden(), weights.embedTokens());
    }
}
