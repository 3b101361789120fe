package io.penstock.runtime.model;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.model.FeedForward.Dense;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import io.penstock.runtime.model.LayerOperator.Attention;
import io.penstock.runtime.model.LayerOperator.ShortConv;

/**
 * The model, layer by layer, as the LFM2 paper describes it. A layer's input comes normalised: the addition of an
 * update to the residual stream and the norm behind it are one operation, so each layer ends with the next one's norm,
 * and the last with the norm before the head.
 *
 * <p>What the last layer's convolution or attention leaves for later tokens is every row's; the feed-forward part
 * behind it goes to the head alone, so in a prompt's chunk only rows with logits have it. Owns nothing; one thread at a
 * time.
 */
public final class ForwardPass {
    private final ModelWeights weights;
    private final Ops ops;
    private final Activations a;
    private final Activations logitRows;
    private final Trace trace;

    /**
     * Runs nothing yet.
     *
     * @param trace but for {@link Trace#NONE} it sees all rows of every layer
     */
    public ForwardPass(ModelWeights weights, Ops ops, Activations activations, Trace trace) {
        this.weights = weights;
        this.ops = ops;
        this.a = activations;
        this.trace = trace;
        logitRows = new Activations(
                a.head().hidden(), a.update(), a.projected(), a.mixed(), a.x(), a.experts(), a.head());
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
        int last = weights.layers().length - 1;
        for (int i = 0; i < last; i++) {
            layer(i, batch);
        }
        if (batch.numLogits() < batch.numTokens() && trace == Trace.NONE) {
            lastLayer(batch);
        } else {
            layer(last, batch);
            end(batch);
        }
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
        operator(i, batch);
        feedForward(i, a);
    }

    /** What comes behind the layers. */
    public void end(ForwardBatch batch) {
        if (batch.numLogits() > 0) {
            ops.gatherLast(a.head().hidden(), a.x(), batch);
            trace.finalNorm(a.head().hidden());
            logits(a.head().hidden());
        }
    }

    /** The last layer and what comes behind it, behind its operator only of rows with logits. */
    private void lastLayer(ForwardBatch batch) {
        int last = weights.layers().length - 1;
        operator(last, batch);
        if (batch.numLogits() > 0) {
            ops.gatherLast(logitRows.residual(), a.residual(), batch);
            ops.gatherLast(logitRows.update(), a.update(), batch);
            logitRows.useRows(batch.numLogits(), batch.numLogits());
            feedForward(last, logitRows);
            logits(logitRows.x());
        }
    }

    private void operator(int i, ForwardBatch batch) {
        switch (weights.layers()[i].operator()) {
            case ShortConv conv -> {
                ops.inProjShortConv(
                        a.mixed(), a.projected().bcx(), a.x(), conv.inProj(), conv.conv(), conv.convLayer(), batch);
                ops.linear(a.update(), a.mixed(), conv.outProj());
            }
            case Attention attention -> {
                Tensor qkv = a.projected().qkv();
                ops.qkvNormRopeStore(qkv, a.x(), attention, batch);
                ops.attention(a.mixed(), qkv, attention.attentionLayer(), batch);
                ops.linear(a.update(), a.mixed(), attention.outProj());
            }
        }
        trace.operator(i, a.update());
    }

    private void feedForward(int i, Activations rows) {
        Layer[] layers = weights.layers();
        Weight nextNorm = i + 1 < layers.length ? layers[i + 1].operatorNorm() : weights.embeddingNorm();
        switch (layers[i].feedForward()) {
            case Dense dense -> dense(i, rows, dense, nextNorm);
            case SparseMoe moe -> sparseMoe(i, rows, moe, nextNorm);
        }
        trace.hidden(i, rows.residual());
    }

    private void dense(int i, Activations rows, Dense dense, Weight nextNorm) {
        Tensor inner = rows.experts().dense();
        ops.addRmsNorm(rows.residual(), rows.x(), rows.update(), weights.layers()[i].ffnNorm());
        ops.linearSiluAndMul(inner, rows.x(), dense.gateUp());
        ops.linear(rows.update(), inner, dense.down());
        trace.feedForward(i, rows.update());
        ops.addRmsNorm(rows.residual(), rows.x(), rows.update(), nextNorm);
    }

    private void sparseMoe(int i, Activations rows, SparseMoe moe, Weight nextNorm) {
        Activations.Experts e = rows.experts();
        ops.addRmsNormRouteTopK(
                e.routing(), rows.residual(), rows.x(), rows.update(), weights.layers()[i].ffnNorm(), moe);
        trace.routing(i, e.routing());
        ops.expertsAddRmsNorm(rows.residual(), rows.x(), e.inner(), e.outer(), e.routing(), moe, nextNorm);
        trace.expertOutputs(i, e.outer());
    }

    private void logits(Tensor hidden) {
        ops.logits(a.head().logits(), hidden, weights.embedTokens());
    }
}
