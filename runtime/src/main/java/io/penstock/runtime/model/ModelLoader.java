package io.penstock.runtime.model;

import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.checkpoint.TensorData;
import io.penstock.runtime.config.LayerType;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/** Builds a model from a checkpoint's tensors: what differs by layer is decided here, once. */
public final class ModelLoader {
    private final ModelTensors tensors;
    private final ModelConfig config;
    private final WeightFactory factory;

    public ModelLoader(ModelTensors tensors, WeightFactory factory) {
        this.tensors = tensors;
        this.config = tensors.config();
        this.factory = factory;
    }

    /**
     * Reads all weights.
     *
     * @param layerLoaded told the number of layers read so far
     */
    public ModelWeights load(IntConsumer layerLoaded) {
        Layer[] layers = new Layer[config.numLayers()];
        int numConv = 0;
        int numAttention = 0;
        for (int l = 0; l < layers.length; l++) {
            LayerOperator operator = switch (config.layerTypes().get(l)) {
                case LayerType.CONV -> shortConv(l, numConv++);
                case LayerType.FULL_ATTENTION -> attention(l, numAttention++);
            };
            FeedForward feedForward = l < config.feedForward().numDenseLayers() ? dense(l) : sparseMoe(l);
            layers[l] = new Layer(factory.vector(tensors.operatorNorm(l)), operator,
                    factory.vector(tensors.ffnNorm(l)), feedForward);
            layerLoaded.accept(l + 1);
        }
        return new ModelWeights(
                factory.matrix(tensors.embedTokens()), layers, factory.vector(tensors.embeddingNorm()));
    }

    private LayerOperator shortConv(int l, int convLayer) {
        return new LayerOperator.ShortConv(factory.inProj(tensors.convInProj(l)),
                factory.conv(tensors.convWeight(l)), factory.matrix(tensors.convOutProj(l)), convLayer);
    }

    private LayerOperator attention(int l, int attentionLayer) {
        return new LayerOperator.Attention(
                factory.matrix(tensors.qProj(l), tensors.kProj(l), tensors.vProj(l)),
                factory.vector(tensors.qLayernorm(l)), factory.vector(tensors.kLayernorm(l)),
                factory.matrix(tensors.attentionOutProj(l)), attentionLayer);
    }

    private FeedForward dense(int l) {
        return new FeedForward.Dense(
                factory.gateUp(tensors.w1(l), tensors.w3(l)), factory.matrix(tensors.w2(l)));
    }

    private FeedForward sparseMoe(int l) {
        var moe = config.moe();
        return new FeedForward.SparseMoe(
                factory.router(tensors.gate(l)),
                moe.useExpertBias() ? factory.bias(tensors.expertBias(l)) : null,
                factory.expertsGateUp(experts(e -> tensors.expertW1(l, e)), experts(e -> tensors.expertW3(l, e))),
                factory.experts(experts(e -> tensors.expertW2(l, e))),
                new RouterRule(moe.numExperts(), moe.expertsPerToken(), moe.normTopkProb(),
                        moe.routedScalingFactor()));
    }

    private TensorData[] experts(IntFunction<TensorData> matrix) {
        TensorData[] matrices = new TensorData[config.moe().numExperts()];
        for (int e = 0; e < matrices.length; e++) {
            matrices[e] = matrix.apply(e);
        }
        return matrices;
    }
}
