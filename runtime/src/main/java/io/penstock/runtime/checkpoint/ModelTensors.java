package io.penstock.runtime.checkpoint;

import io.penstock.runtime.config.ModelConfig;

/**
 * The weights of a model by role, complete and of the shapes that {@link #config} asks for, however they are named,
 * fused and sharded on disk. Matrices are [outputs, inputs]. Asking for a role that the layer does not have is an
 * {@link IllegalArgumentException}.
 */
public interface ModelTensors extends AutoCloseable {
    ModelConfig config();

    /** A tensor by its name in the layout with one tensor per expert matrix. */
    TensorData tensor(String name);

    /** [vocab, hidden]; the head too. */
    default TensorData embedTokens() {
        return tensor(TensorNames.EMBED_TOKENS);
    }

    /** [hidden]; the norm before the head. */
    default TensorData embeddingNorm() {
        return tensor(TensorNames.EMBEDDING_NORM);
    }

    /** [hidden] */
    default TensorData operatorNorm(int layer) {
        return tensor(TensorNames.layer(layer, "operator_norm.weight"));
    }

    /** [hidden] */
    default TensorData ffnNorm(int layer) {
        return tensor(TensorNames.layer(layer, "ffn_norm.weight"));
    }

    /** [3 · hidden, hidden]: rows of B, then C, then x. */
    default TensorData convInProj(int layer) {
        return tensor(TensorNames.layer(layer, "conv.in_proj.weight"));
    }

    /** [hidden, 1, taps], the oldest tap first. */
    default TensorData convWeight(int layer) {
        return tensor(TensorNames.layer(layer, "conv.conv.weight"));
    }

    /** [hidden, hidden] */
    default TensorData convOutProj(int layer) {
        return tensor(TensorNames.layer(layer, "conv.out_proj.weight"));
    }

    /** [heads · headDim, hidden] */
    default TensorData qProj(int layer) {
        return tensor(TensorNames.layer(layer, "self_attn.q_proj.weight"));
    }

    /** [kvHeads · headDim, hidden] */
    default TensorData kProj(int layer) {
        return tensor(TensorNames.layer(layer, "self_attn.k_proj.weight"));
    }

    /** [kvHeads · headDim, hidden] */
    default TensorData vProj(int layer) {
        return tensor(TensorNames.layer(layer, "self_attn.v_proj.weight"));
    }

    /** [hidden, heads · headDim] */
    default TensorData attentionOutProj(int layer) {
        return tensor(TensorNames.layer(layer, "self_attn.out_proj.weight"));
    }

    /** [headDim] */
    default TensorData qLayernorm(int layer) {
        return tensor(TensorNames.layer(layer, "self_attn.q_layernorm.weight"));
    }

    /** [headDim] */
    default TensorData kLayernorm(int layer) {
        return tensor(TensorNames.layer(layer, "self_attn.k_layernorm.weight"));
    }

    /** Gate of a dense layer, inside silu: [denseWidth, hidden]. */
    default TensorData w1(int layer) {
        return tensor(TensorNames.layer(layer, "feed_forward.w1.weight"));
    }

    /** Down projection of a dense layer: [hidden, denseWidth]. */
    default TensorData w2(int layer) {
        return tensor(TensorNames.layer(layer, "feed_forward.w2.weight"));
    }

    /** Up projection of a dense layer: [denseWidth, hidden]. */
    default TensorData w3(int layer) {
        return tensor(TensorNames.layer(layer, "feed_forward.w3.weight"));
    }

    /** The router: [experts, hidden]. */
    default TensorData gate(int layer) {
        return tensor(TensorNames.layer(layer, "feed_forward.gate.weight"));
    }

    /** [experts], for selection only; null if the model has none. */
    default TensorData expertBias(int layer) {
        return config().moe().useExpertBias() ? tensor(TensorNames.layer(layer, "feed_forward.expert_bias")) : null;
    }

    /** Gate of an expert, inside silu: [expertWidth, hidden]. */
    default TensorData expertW1(int layer, int expert) {
        return tensor(TensorNames.expert(layer, expert, "w1"));
    }

    /** Down projection of an expert: [hidden, expertWidth]. */
    default TensorData expertW2(int layer, int expert) {
        return tensor(TensorNames.expert(layer, expert, "w2"));
    }

    /** Up projection of an expert: [expertWidth, hidden]. */
    default TensorData expertW3(int layer, int expert) {
        return tensor(TensorNames.expert(layer, expert, "w3"));
    }

    @Override
    void close();
}
