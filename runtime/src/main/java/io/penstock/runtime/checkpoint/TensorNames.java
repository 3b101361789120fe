package io.penstock.runtime.checkpoint;

/** The names that the family's tensors have on disk. */
final class TensorNames {
    static final String EMBED_TOKENS = "model.embed_tokens.weight";
    static final String EMBEDDING_NORM = "model.embedding_norm.weight";
    static final String LM_HEAD = "lm_head.weight";

    private TensorNames() {}

    /** A tensor of a layer; {@code name} is what follows the layer's index. */
    static String layer(int layer, String name) {
        return "model.layers." + layer + "." + name;
    }

    /** A matrix of one expert: {@code matrix} is w1, w2 or w3. */
    static String expert(int layer, int expert, String matrix) {
        return layer(layer, "feed_forward.experts." + expert + "." + matrix + ".weight");
    }

    /** All experts' w1 and w3 in one tensor. */
    static String gateUpProj(int layer) {
        return layer(layer, "feed_forward.experts.gate_up_proj");
    }

    /** All experts' w2 in one tensor. */
    static String downProj(int layer) {
        return layer(layer, "feed_forward.experts.down_proj");
    }
}
