package io.penstock.runtime.checkpoint;

import io.penstock.runtime.config.AttentionConfig;
import io.penstock.runtime.config.ModelConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** The tensors that a configuration asks for, by name, with their shapes. */
final class TensorShapes {
    private final ModelConfig config;
    private final long hidden;
    private final Map<String, long[]> shapes = new LinkedHashMap<>();

    private TensorShapes(ModelConfig config) {
        this.config = config;
        this.hidden = config.hiddenSize();
    }

    /** Everything outside of the experts; that is all of a dense model. */
    static Map<String, long[]> withoutExperts(ModelConfig config) {
        var tensors = new TensorShapes(config);
        tensors.add(TensorNames.EMBED_TOKENS, config.vocabSize(), tensors.hidden);
        tensors.add(TensorNames.EMBEDDING_NORM, tensors.hidden);
        for (int layer = 0; layer < config.numLayers(); layer++) {
            tensors.add(TensorNames.layer(layer, "operator_norm.weight"), tensors.hidden);
            tensors.add(TensorNames.layer(layer, "ffn_norm.weight"), tensors.hidden);
            tensors.addOperator(layer);
            tensors.addFeedForward(layer);
        }
        return tensors.shapes;
    }

    /** The experts of a layer, a tensor for each matrix. */
    static Map<String, long[]> experts(ModelConfig config, int layer) {
        var tensors = new TensorShapes(config);
        long width = config.moe().expertWidth();
        for (int expert = 0; expert < config.moe().numExperts(); expert++) {
            tensors.add(TensorNames.expert(layer, expert, "w1"), width, tensors.hidden);
            tensors.add(TensorNames.expert(layer, expert, "w3"), width, tensors.hidden);
            tensors.add(TensorNames.expert(layer, expert, "w2"), tensors.hidden, width);
        }
        return tensors.shapes;
    }

    /** The experts of a layer, fused. */
    static Map<String, long[]> fusedExperts(ModelConfig config, int layer) {
        var tensors = new TensorShapes(config);
        long experts = config.moe().numExperts();
        long width = config.moe().expertWidth();
        tensors.add(TensorNames.gateUpProj(layer), experts, 2 * width, tensors.hidden);
        tensors.add(TensorNames.downProj(layer), experts, tensors.hidden, width);
        return tensors.shapes;
    }

    private void addOperator(int layer) {
        if (config.isAttention(layer)) {
            AttentionConfig attention = config.attention();
            add(TensorNames.layer(layer, "self_attn.q_proj.weight"), attention.queryWidth(), hidden);
            add(TensorNames.layer(layer, "self_attn.k_proj.weight"), attention.kvWidth(), hidden);
            add(TensorNames.layer(layer, "self_attn.v_proj.weight"), attention.kvWidth(), hidden);
            add(TensorNames.layer(layer, "self_attn.out_proj.weight"), hidden, attention.queryWidth());
            add(TensorNames.layer(layer, "self_attn.q_layernorm.weight"), attention.headDim());
            add(TensorNames.layer(layer, "self_attn.k_layernorm.weight"), attention.headDim());
        } else {
            add(TensorNames.layer(layer, "conv.in_proj.weight"), 3 * hidden, hidden);
            add(TensorNames.layer(layer, "conv.conv.weight"), hidden, 1, config.dimensions().convLCache());
            add(TensorNames.layer(layer, "conv.out_proj.weight"), hidden, hidden);
        }
    }

    private void addFeedForward(int layer) {
        if (config.hasExperts(layer)) {
            add(TensorNames.layer(layer, "feed_forward.gate.weight"), config.moe().numExperts(), hidden);
            if (config.moe().useExpertBias()) {
                add(TensorNames.layer(layer, "feed_forward.expert_bias"), config.moe().numExperts());
            }
        } else {
            long width = config.feedForward().denseWidth();
            add(TensorNames.layer(layer, "feed_forward.w1.weight"), width, hidden);
            add(TensorNames.layer(layer, "feed_forward.w3.weight"), width, hidden);
            add(TensorNames.layer(layer, "feed_forward.w2.weight"), hidden, width);
        }
    }

    private void add(String name, long... shape) {
        shapes.put(name, shape);
    }
}
