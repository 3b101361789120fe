package io.penstock.runtime.model;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.model.FeedForward.SparseMoe;
import java.util.HashMap;
import java.util.Map;

/** Operations that an observer is told of; the same computations. */
public final class ObservedOps implements Ops {
    private final Ops ops;
    private final OperationObserver observer;
    private final Map<Weight, String> products = new HashMap<>();

    /** @param weights tell what a product is used for */
    public ObservedOps(Ops ops, OperationObserver observer, ModelWeights weights) {
        this.ops = ops;
        this.observer = observer;
        for (Layer layer : weights.layers()) {
            switch (layer.operator()) {
                case LayerOperator.ShortConv conv -> products.put(conv.outProj(), " convOutProj");
                case LayerOperator.Attention attention -> {
                    products.put(attention.qkvProj(), " qkvProj");
                    products.put(attention.outProj(), " attentionOutProj");
                }
            }
            if (layer.feedForward() instanceof FeedForward.Dense dense) {
                products.put(dense.down(), " denseDown");
            }
        }
    }

    private void observe(String name, Runnable operation) {
        observer.before(name);
        operation.run();
        observer.after(name);
    }

    @Override
    public void beginStep(ForwardBatch batch) {
        observe("beginStep", () -> ops.beginStep(batch));
    }

    @Override
    public void embed(Tensor out, Weight embedTokens, ForwardBatch batch) {
        observe("embed", () -> ops.embed(out, embedTokens, batch));
    }

    @Override
    public void rmsNorm(Tensor out, Tensor x, Weight weight) {
        observe("rmsNorm", () -> ops.rmsNorm(out, x, weight));
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor out, Tensor update, Weight weight) {
        observe("addRmsNorm", () -> ops.addRmsNorm(residual, out, update, weight));
    }

    @Override
    public void linear(Tensor out, Tensor x, Weight weight) {
        observe(name("linear", weight), () -> ops.linear(out, x, weight));
    }

    /** An operation, and what its weight is used for. */
    private String name(String operation, Weight weight) {
        return operation + products.getOrDefault(weight, "");
    }

    @Override
    public void linearAddRmsNorm(
            Tensor residual, Tensor out, Tensor update, Tensor x, Weight weight, Weight norm) {
        if (ops.hasLinearAddRmsNorm()) {
            observe(name("linearAddRmsNorm", weight),
                    () -> ops.linearAddRmsNorm(residual, out, update, x, weight, norm));
        } else {
            Ops.super.linearAddRmsNorm(residual, out, update, x, weight, norm);
        }
    }

    @Override
    public void linearAddRmsNormRouteTopK(Routing routing, Tensor residual, Tensor out, Tensor update, Tensor x,
            Weight weight, Weight norm, SparseMoe moe) {
        if (ops.hasLinearAddRmsNorm()) {
            observe(name("linearAddRmsNormRouteTopK", weight),
                    () -> ops.linearAddRmsNormRouteTopK(routing, residual, out, update, x, weight, norm, moe));
        } else {
            Ops.super.linearAddRmsNormRouteTopK(routing, residual, out, update, x, weight, norm, moe);
        }
    }

    @Override
    public boolean hasLinearAddRmsNorm() {
        return ops.hasLinearAddRmsNorm();
    }

    @Override
    public void linearSiluAndMul(Tensor out, Tensor x, Weight gateUp) {
        observe("linearSiluAndMul", () -> ops.linearSiluAndMul(out, x, gateUp));
    }

    @Override
    public void inProjShortConv(
            Tensor out, Tensor bcx, Tensor x, Weight inProj, Weight conv, int convLayer, ForwardBatch batch) {
        observe("inProjShortConv", () -> ops.inProjShortConv(out, bcx, x, inProj, conv, convLayer, batch));
    }

    @Override
    public void qkNormRopeStore(Tensor qkv, Weight qNorm, Weight kNorm, int attentionLayer, ForwardBatch batch) {
        observe("qkNormRopeStore", () -> ops.qkNormRopeStore(qkv, qNorm, kNorm, attentionLayer, batch));
    }

    @Override
    public void qkvNormRopeStore(Tensor qkv, Tensor x, LayerOperator.Attention attention, ForwardBatch batch) {
        if (ops.hasQkvNormRopeStore()) {
            observe("qkvNormRopeStore", () -> ops.qkvNormRopeStore(qkv, x, attention, batch));
        } else {
            Ops.super.qkvNormRopeStore(qkv, x, attention, batch);
        }
    }

    @Override
    public boolean hasQkvNormRopeStore() {
        return ops.hasQkvNormRopeStore();
    }

    @Override
    public void attention(Tensor out, Tensor qkv, int attentionLayer, ForwardBatch batch) {
        observe("attention", () -> ops.attention(out, qkv, attentionLayer, batch));
    }

    @Override
    public void addRmsNormRouteTopK(
            Routing routing, Tensor residual, Tensor out, Tensor update, Weight weight, SparseMoe moe) {
        observe("addRmsNormRouteTopK", () -> ops.addRmsNormRouteTopK(routing, residual, out, update, weight, moe));
    }

    @Override
    public void groupedLinearSiluAndMul(Tensor out, Tensor x, Weight gateUp, Routing routing) {
        observe("groupedLinearSiluAndMul", () -> ops.groupedLinearSiluAndMul(out, x, gateUp, routing));
    }

    @Override
    public void groupedLinear(Tensor out, Tensor x, Weight down, Routing routing) {
        observe("groupedLinear", () -> ops.groupedLinear(out, x, down, routing));
    }

    @Override
    public void combineAddRmsNorm(Tensor residual, Tensor out, Tensor expertOut, Routing routing, Weight weight) {
        observe("combineAddRmsNorm", () -> ops.combineAddRmsNorm(residual, out, expertOut, routing, weight));
    }

    @Override
    public void groupedLinearAddRmsNorm(
            Tensor residual, Tensor out, Tensor outer, Tensor inner, Routing routing, Weight down, Weight norm) {
        if (ops.hasGroupedLinearAddRmsNorm()) {
            observe("groupedLinearAddRmsNorm",
                    () -> ops.groupedLinearAddRmsNorm(residual, out, outer, inner, routing, down, norm));
        } else {
            Ops.super.groupedLinearAddRmsNorm(residual, out, outer, inner, routing, down, norm);
        }
    }

    @Override
    public boolean hasGroupedLinearAddRmsNorm() {
        return ops.hasGroupedLinearAddRmsNorm();
    }

    @Override
    public void expertsAddRmsNorm(
            Tensor residual, Tensor x, Tensor inner, Tensor outer, Routing routing, SparseMoe moe, Weight norm) {
        if (ops.hasExpertsAddRmsNorm(x.rows())) {
            observe("expertsAddRmsNorm",
                    () -> ops.expertsAddRmsNorm(residual, x, inner, outer, routing, moe, norm));
        } else {
            Ops.super.expertsAddRmsNorm(residual, x, inner, outer, routing, moe, norm);
        }
    }

    @Override
    public boolean hasExpertsAddRmsNorm(int numTokens) {
        return ops.hasExpertsAddRmsNorm(numTokens);
    }

    @Override
    public void gatherLast(Tensor out, Tensor x, ForwardBatch batch) {
        observe("gatherLast", () -> ops.gatherLast(out, x, batch));
    }

    @Override
    public void logits(Tensor out, Tensor x, Weight embedTokens) {
        observe("logits", () -> ops.logits(out, x, embedTokens));
    }
}
