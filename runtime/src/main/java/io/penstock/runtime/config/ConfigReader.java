package io.penstock.runtime.config;

import io.penstock.runtime.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Reads {@code config.json} of any generation of the family into a {@link ModelConfig}. Types and sizes are checked
 * before relations; a key is never given a default where a wrong one would change the model's answers.
 */
public final class ConfigReader {
    private static final long MAX_FILE_BYTES = 16L << 20;
    private static final int MAX_TENSORS = 1_000_000;
    private static final int HEAD_DIM = 64;

    private final JsonFields fields;
    private final DeclaredConfig declared;

    private ConfigReader(JsonFields fields) {
        this.fields = fields;
        this.declared = new DeclaredConfig(fields);
    }

    /** Reads a file; what cannot be used is a {@link ConfigException} whose message begins with the path. */
    public static ModelConfig read(Path file) {
        byte[] json;
        try {
            json = StrictJson.readBytes(file, MAX_FILE_BYTES);
        } catch (InputException e) {
            throw new ConfigException("unreadable_file", e);
        }
        return read(json, file.toString());
    }

    /** Reads a file's content; {@code source} begins every message. */
    public static ModelConfig read(byte[] json, String source) {
        JsonFields fields;
        try {
            fields = new JsonFields(StrictJson.parseObject(json, source), source);
        } catch (InputException e) {
            throw new ConfigException("invalid_json", e);
        }
        return new ConfigReader(fields).resolve();
    }

    private ModelConfig resolve() {
        double ropeTheta = resolveRopeTheta();
        List<LayerType> layerTypes = resolveLayerTypes();
        AttentionConfig attention = resolveAttention(ropeTheta);
        int denseWidth = resolveDenseWidth();
        checkExperts();
        checkTied();
        checkTokens();
        checkLegacyNames();
        var config = new ModelConfig(
                declared.modelType,
                declared.dimensions,
                layerTypes,
                attention,
                new FeedForwardConfig(declared.numDenseLayers, denseWidth),
                declared.moe,
                declared.tokens);
        checkTotals(config);
        return config;
    }

    private double resolveRopeTheta() {
        Map.Entry<String, Double> first = null;
        for (Map.Entry<String, Double> theta : declared.ropeThetas.entrySet()) {
            if (first == null) {
                first = theta;
            } else if (!theta.getValue().equals(first.getValue())) {
                throw contradiction("rope_theta",
                        first.getKey() + " is " + first.getValue(), theta.getKey() + " is " + theta.getValue());
            }
        }
        if (first == null) {
            throw fields.rejection("missing_rope_theta",
                    "rope_theta is neither in rope_parameters nor at the top level; nothing is assumed for it");
        }
        return first.getValue();
    }

    private List<LayerType> resolveLayerTypes() {
        List<LayerType> named = declared.layerTypes.orElse(null);
        if (named == null && declared.attentionIndices.isEmpty()) {
            throw fields.rejection("missing_key", "neither layer_types nor full_attn_idxs is there; give one of them");
        }
        if (named != null && named.size() != declared.numLayers) {
            throw fields.rejection("layer_types_length", "layer_types has " + named.size()
                    + " entries and num_hidden_layers is " + declared.numLayers);
        }
        if (declared.attentionIndices.isEmpty()) {
            return named;
        }
        List<LayerType> indexed = layerTypesOf(declared.attentionIndices.get());
        if (named != null && !named.equals(indexed)) {
            throw contradiction("layer_types", "layer_types has full_attention at " + attentionIn(named),
                    "full_attn_idxs has " + attentionIn(indexed));
        }
        return indexed;
    }

    private List<LayerType> layerTypesOf(List<Integer> attentionIndices) {
        if (declared.numLayers > MAX_TENSORS) {
            throw tooLarge("num_hidden_layers is " + declared.numLayers);
        }
        var types = new ArrayList<>(Collections.nCopies(declared.numLayers, LayerType.CONV));
        for (int index : attentionIndices) {
            if (index < 0 || index >= declared.numLayers) {
                throw fields.rejection("layer_index_out_of_range", "full_attn_idxs holds " + index
                        + "; the layers are 0 to " + (declared.numLayers - 1));
            }
            types.set(index, LayerType.FULL_ATTENTION);
        }
        return types;
    }

    private static List<Integer> attentionIn(List<LayerType> types) {
        var indices = new ArrayList<Integer>();
        for (int layer = 0; layer < types.size(); layer++) {
            if (types.get(layer) == LayerType.FULL_ATTENTION) {
                indices.add(layer);
            }
        }
        return indices;
    }

    private AttentionConfig resolveAttention(double ropeTheta) {
        int hidden = declared.dimensions.hiddenSize();
        if (hidden % declared.numHeads != 0) {
            throw fields.rejection("hidden_not_divisible_by_heads", "hidden_size " + hidden
                    + " is not a multiple of num_attention_heads " + declared.numHeads);
        }
        if (declared.numHeads % declared.numKvHeads != 0) {
            throw fields.rejection("heads_not_divisible_by_kv_heads", "num_attention_heads " + declared.numHeads
                    + " is not a multiple of num_key_value_heads " + declared.numKvHeads);
        }
        int headDim = hidden / declared.numHeads;
        if (declared.headDim.orElse(headDim) != headDim) {
            throw contradiction("head_dim", "head_dim is " + declared.headDim.getAsInt(),
                    "hidden_size / num_attention_heads is " + headDim);
        }
        if (headDim != HEAD_DIM) {
            throw fields.rejection("unsupported_head_dim",
                    "the head size is " + headDim + "; only " + HEAD_DIM + " is supported");
        }
        return new AttentionConfig(declared.numHeads, declared.numKvHeads, headDim, ropeTheta);
    }

    private int resolveDenseWidth() {
        OptionalInt given = declared.intermediateSize;
        OptionalInt legacy = declared.blockFfDim;
        if (given.isEmpty() && legacy.isEmpty()) {
            throw fields.rejection("missing_key",
                    "neither intermediate_size nor block_ff_dim is there; give one of them");
        }
        if (given.isPresent() && legacy.isPresent() && given.getAsInt() != legacy.getAsInt()) {
            throw contradiction("intermediate_size", "intermediate_size is " + given.getAsInt(),
                    "block_ff_dim is " + legacy.getAsInt());
        }
        int width = given.orElseGet(legacy::getAsInt);
        return declared.adjustWidth ? adjusted(width) : width;
    }

    private int adjusted(int width) {
        long twoThirds = (long) (2.0 * width / 3);
        long multiplied = (long) (declared.widthMultiplier.getAsDouble() * twoThirds);
        int multipleOf = declared.widthMultipleOf.getAsInt();
        double roundedUp = (double) Math.ceilDiv(multiplied, multipleOf) * multipleOf;
        if (roundedUp > Integer.MAX_VALUE) {
            throw tooLarge("the adjusted feed-forward width is " + roundedUp);
        }
        if (roundedUp < 1) {
            throw fields.rejection("not_positive", "the feed-forward width " + width + " is 0 after adjusting");
        }
        return (int) roundedUp;
    }

    private void checkExperts() {
        MoeConfig moe = declared.moe;
        if (moe.expertsPerToken() > moe.numExperts()) {
            throw fields.rejection("more_experts_chosen_than_present", "num_experts_per_tok "
                    + moe.expertsPerToken() + " is more than num_experts " + moe.numExperts());
        }
        if (declared.numDenseLayers > declared.numLayers) {
            throw fields.rejection("more_dense_layers_than_layers", "num_dense_layers " + declared.numDenseLayers
                    + " is more than num_hidden_layers " + declared.numLayers);
        }
    }

    private void checkTied() {
        boolean tied = declared.tieWordEmbeddings.orElse(declared.tieEmbedding.orElse(true));
        if (declared.tieEmbedding.orElse(tied) != tied) {
            throw contradiction("tie_embedding", "tie_word_embeddings is " + tied, "tie_embedding is " + !tied);
        }
        if (!tied) {
            throw fields.rejection("unsupported_untied_embeddings",
                    "the embeddings are not tied to the head; only tied embeddings are supported");
        }
    }

    private void checkTokens() {
        checkToken("bos_token_id", declared.tokens.bosTokenId());
        checkToken("pad_token_id", declared.tokens.padTokenId());
        declared.tokens.eosTokenIds().forEach(id -> checkToken("eos_token_id", id));
    }

    private void checkToken(String key, int id) {
        if (id < 0 || id >= declared.dimensions.vocabSize()) {
            throw fields.rejection("token_id_out_of_range",
                    key + " is " + id + "; vocab_size is " + declared.dimensions.vocabSize());
        }
    }

    private void checkLegacyNames() {
        double blockNormEps = declared.blockNormEps.orElse(declared.normEps);
        if (blockNormEps != declared.normEps) {
            throw contradiction("norm_eps", "norm_eps is " + declared.normEps, "block_norm_eps is " + blockNormEps);
        }
        int hidden = declared.dimensions.hiddenSize();
        if (declared.blockDim.orElse(hidden) != hidden) {
            throw contradiction("hidden_size", "hidden_size is " + hidden,
                    "block_dim is " + declared.blockDim.getAsInt());
        }
        if (declared.blockNumHeads.orElse(declared.numHeads) != declared.numHeads) {
            throw contradiction("num_attention_heads", "num_attention_heads is " + declared.numHeads,
                    "num_heads is " + declared.blockNumHeads.getAsInt());
        }
    }

    private void checkTotals(ModelConfig config) {
        if (config.numTensors() > MAX_TENSORS) {
            throw tooLarge("layers times experts make " + config.numTensors() + " tensors");
        }
        try {
            config.parameters();
        } catch (ArithmeticException e) {
            throw tooLarge("the sizes together make more than 2^63 parameters");
        }
    }

    private ConfigException contradiction(String name, String first, String second) {
        return fields.rejection("contradictory_" + name, first + " and " + second + "; they must agree");
    }

    private ConfigException tooLarge(String what) {
        return fields.rejection("too_large", what + ", which is too large");
    }
}
