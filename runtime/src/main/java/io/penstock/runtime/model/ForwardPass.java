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
     * @param trace where it looks inside, it sees all rows of every layer
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
        if (batch.numLogits() < batch.numTokens() && !trace.looksInside()) {
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
        Weight outProj = operator(i, batch);
        if (trace.looksInside()) {
            ops.linear(a.update(), a.mixed(), outProj);
            trace.operator(i, a.update());
            normalise(i, a);
        } else {
            projectAndNormalise(i, outProj);
        }
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
        ops.linear(a.update(), a.mixed(), operator(last, batch));
        if (batch.numLogits() > 0) {
            ops.gatherLast(logitRows.residual(), a.residual(), batch);
            ops.gatherLast(logitRows.update(), a.update(), batch);
            logitRows.useRows(batch.numLogits(), batch.numLogits());
            normalise(last, logitRows);
            feedForward(last, logitRows);
            logits(logitRows.x());
        }
    }

    /** A layer's operator up to {@code mixed}, and the weight of the projection behind it. */
    private Weight operator(int i, ForwardBatch batch) {
        return switch (weights.layers()[i].operator()) {
            case ShortConv conv -> {
                ops.inProjShortConv(
                        a.mixed(), a.projected().bcx(), a.x(), conv.inProj(), conv.conv(), conv.convLayer(), batch);
                yield conv.outProj();
            }
            case Attention attention -> {
                Tensor qkv = a.projected().qkv();
                ops.qkvNormRopeStore(qkv, a.x(), attention, batch);
                ops.attention(a.mixed(), qkv, attention.attentionLayer(), batch);
                yield attention.outProj();
            }
        };
    }

    /** That projection and what comes behind it. */
    private void projectAndNormalise(int i, Weight outProj) {
        Weight norm = weights.layers()[i].ffnNorm();
        switch (weights.layers()[i].feedForward()) {
            case Dense _ -> ops.linearAddRmsNorm(a.residual(), a.x(), a.update(), a.mixed(), outProj, norm);
            case SparseMoe moe -> ops.linearAddRmsNormRouteTopK(
                    a.experts().routing(), a.residual(), a.x(), a.update(), a.mixed(), outProj, norm, moe);
        }
    }

    /** The latter alone. */
    private void normalise(int i, Activations rows) {
        Weight norm = weights.layers()[i].ffnNorm();
        switch (weights.layers()[i].feedForward()) {
            case Dense _ -> ops.addRmsNorm(rows.residual(), rows.x(), rows.update(), norm);
            case SparseMoe moe -> ops.addRmsNormRouteTopK(
                    rows.experts().routing(), rows.residual(), rows.x(), rows.update(), norm, moe);
        }
    }

    private void feedForward(int i, Activations rows) {
        Layer[] layers = weights.layers();
        Weight nextNorm = i + 1 < layers.length ? layers[i + 1].operatorNorm() : weights.embeddingNorm();
        Activations.Experts e = rows.experts();
        switch (layers[i].feedForward()) {
            case Dense dense -> {
                ops.linearSiluAndMul(e.dense(), rows.x(), dense.gateUp());
                down(i, rows, dense.down(), nextNorm);
            }
            case SparseMoe moe -> {
                trace.routing(i, e.routing());
                ops.expertsAddRmsNorm(
                        rows.residual(), rows.x(), e.inner(), e.outer(), e.routing(), moe, nextNorm);
                trace.expertOutputs(i, e.outer());
            }
        }
        trace.hidden(i, rows.residual());
    }

    private void down(int i, Activations rows, Weight down, Weight nextNorm) {
        if (trace.looksInside()) {
            ops.linear(rows.update(), rows.experts().dense(), down);
            trace.feedForward(i, rows.update());
            ops.addRmsNorm(rows.residual(), rows.x(), rows.update(), nextNorm);
        } else {
            ops.linearAddRmsNorm(rows.residual(), rows.x(), rows.update(), rows.experts().dense(), down, nextNorm);
        }
    }

    private void logits(Tensor hidden) {
        ops.logits(a.head().logits(), hidden, weights.embedTokens());
    }
}
