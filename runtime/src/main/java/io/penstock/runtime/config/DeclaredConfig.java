package io.penstock.runtime.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/** What {@code config.json} says, key by key: types and sizes are right, relations between keys are not yet checked. */
final class DeclaredConfig {
    private static final Set<String> MODEL_TYPES = Set.of(ModelConfig.DENSE_TYPE, ModelConfig.MOE_TYPE);
    private static final int MIN_CONV_L_CACHE = 2;
    private static final int MAX_CONV_L_CACHE = 4;

    final String modelType;
    final int numLayers;
    final Dimensions dimensions;
    final int numHeads;
    final int numKvHeads;
    final OptionalInt headDim;
    final OptionalInt intermediateSize;
    final OptionalInt blockFfDim;
    final OptionalInt blockDim;
    final OptionalInt blockNumHeads;
    final double normEps;
    final OptionalDouble blockNormEps;
    final Optional<List<LayerType>> layerTypes;
    final Optional<List<Integer>> attentionIndices;
    /** Every place that gives a theta, in the order of preference. */
    final Map<String, Double> ropeThetas;
    final Optional<Boolean> tieWordEmbeddings;
    final Optional<Boolean> tieEmbedding;
    final SpecialTokens tokens;
    final int numDenseLayers;
    final MoeConfig moe;
    final boolean adjustWidth;
    final OptionalDouble widthMultiplier;
    final OptionalInt widthMultipleOf;

    DeclaredConfig(JsonFields fields) {
        modelType = readModelType(fields);
        refuseUnsupported(fields);
        numLayers = fields.positiveInteger("num_hidden_layers");
        normEps = readNormEps(fields, "norm_eps").orElseThrow(() -> missing(fields, "norm_eps"));
        blockNormEps = readNormEps(fields, "block_norm_eps");
        dimensions = new Dimensions(
                fields.positiveInteger("vocab_size"),
                fields.positiveInteger("hidden_size"),
                fields.positiveInteger("max_position_embeddings"),
                readConvLCache(fields),
                (float) normEps);
        numHeads = fields.positiveInteger("num_attention_heads");
        numKvHeads = fields.positiveInteger("num_key_value_heads");
        headDim = fields.optionalPositiveInteger("head_dim");
        intermediateSize = fields.optionalPositiveInteger("intermediate_size");
        blockFfDim = fields.optionalPositiveInteger("block_ff_dim");
        blockDim = fields.optionalPositiveInteger("block_dim");
        blockNumHeads = fields.optionalPositiveInteger("num_heads");
        layerTypes = readLayerTypes(fields);
        attentionIndices = fields.optionalIntegers("full_attn_idxs");
        ropeThetas = readRopeThetas(fields);
        tieWordEmbeddings = fields.optionalBool("tie_word_embeddings");
        tieEmbedding = fields.optionalBool("tie_embedding");
        tokens = readTokens(fields);
        if (isMoe()) {
            numDenseLayers = readNumDenseLayers(fields);
            moe = readMoe(fields);
            adjustWidth = false;
            widthMultiplier = OptionalDouble.empty();
            widthMultipleOf = OptionalInt.empty();
        } else {
            numDenseLayers = numLayers;
            moe = MoeConfig.NONE;
            adjustWidth = fields.bool("block_auto_adjust_ff_dim");
            widthMultiplier = fields.optionalPositiveNumber("block_ffn_dim_multiplier");
            widthMultipleOf = fields.optionalPositiveInteger("block_multiple_of");
            if (adjustWidth) {
                fields.require("block_ffn_dim_multiplier");
                fields.require("block_multiple_of");
            }
        }
    }

    boolean isMoe() {
        return modelType.equals(ModelConfig.MOE_TYPE);
    }

    private static String readModelType(JsonFields fields) {
        return fields.stringIfAny("model_type")
                .filter(MODEL_TYPES::contains)
                .orElseThrow(() -> fields.rejection("unsupported_model_type",
                        "model_type is " + fields.show("model_type") + "; lfm2 and lfm2_moe are supported"));
    }

    private static void refuseUnsupported(JsonFields fields) {
        if (fields.has("quantization_config")) {
            throw fields.rejection("unsupported_quantization",
                    "quantization_config is present; use the checkpoint's bfloat16 release");
        }
        if (fields.optionalBool("conv_bias").orElse(false)) {
            throw fields.rejection("unsupported_conv_bias", "conv_bias is true; only false is supported");
        }
        refuseOtherRopeTypes(fields, "rope_parameters");
        refuseOtherRopeTypes(fields, "rope_scaling");
    }

    private static void refuseOtherRopeTypes(JsonFields fields, String key) {
        JsonFields rope = fields.optionalObject(key).orElse(null);
        if (rope == null) {
            return;
        }
        String typeKey = rope.has("rope_type") ? "rope_type" : "type";
        boolean silentScaling = key.equals("rope_scaling") && !rope.has(typeKey) && !rope.isEmpty();
        boolean otherType = rope.has(typeKey) && !rope.stringIfAny(typeKey).equals(Optional.of("default"));
        if (silentScaling || otherType) {
            throw fields.rejection("unsupported_rope_type",
                    key + "." + typeKey + " is " + rope.show(typeKey) + "; only 'default' is supported");
        }
    }

    private static OptionalDouble readNormEps(JsonFields fields, String key) {
        OptionalDouble eps = fields.optionalPositiveNumber(key);
        if (eps.isPresent() && ((float) eps.getAsDouble() == 0 || Float.isInfinite((float) eps.getAsDouble()))) {
            throw fields.rejection("out_of_range", key + " is " + fields.show(key) + ", outside of float32");
        }
        return eps;
    }

    private static int readConvLCache(JsonFields fields) {
        int taps = fields.integer("conv_L_cache");
        if (taps < MIN_CONV_L_CACHE || taps > MAX_CONV_L_CACHE) {
            throw fields.rejection("unsupported_conv_L_cache", "conv_L_cache is " + taps + "; "
                    + MIN_CONV_L_CACHE + " to " + MAX_CONV_L_CACHE + " are supported");
        }
        return taps;
    }

    private static Optional<List<LayerType>> readLayerTypes(JsonFields fields) {
        return fields.optionalStrings("layer_types").map(names -> {
            var types = new ArrayList<LayerType>();
            for (String name : names) {
                types.add(layerType(fields, name));
            }
            return types;
        });
    }

    private static LayerType layerType(JsonFields fields, String name) {
        for (LayerType type : LayerType.values()) {
            if (type.key().equals(name)) {
                return type;
            }
        }
        throw fields.rejection("unknown_layer_type",
                "layer_types holds " + StrictJson.quote(name) + "; it may hold 'conv' and 'full_attention'");
    }

    private static Map<String, Double> readRopeThetas(JsonFields fields) {
        var thetas = new LinkedHashMap<String, Double>();
        fields.optionalObject("rope_parameters")
                .map(rope -> rope.optionalPositiveNumber("rope_theta"))
                .filter(OptionalDouble::isPresent)
                .ifPresent(theta -> thetas.put("rope_parameters.rope_theta", theta.getAsDouble()));
        for (String key : List.of("rope_theta", "theta")) {
            fields.optionalPositiveNumber(key).ifPresent(theta -> thetas.put(key, theta));
        }
        return thetas;
    }

    private static SpecialTokens readTokens(JsonFields fields) {
        List<Integer> eos = fields.optionalOneOrMoreIntegers("eos_token_id")
                .filter(ids -> !ids.isEmpty())
                .orElseThrow(() -> missing(fields, "eos_token_id"));
        return new SpecialTokens(fields.integer("bos_token_id"), eos, fields.integer("pad_token_id"));
    }

    private static int readNumDenseLayers(JsonFields fields) {
        int numDenseLayers = fields.integer("num_dense_layers");
        if (numDenseLayers < 0) {
            throw fields.rejection("not_positive", "num_dense_layers is " + numDenseLayers + "; it must be at least 0");
        }
        return numDenseLayers;
    }

    private static MoeConfig readMoe(JsonFields fields) {
        return new MoeConfig(
                fields.positiveInteger("num_experts"),
                fields.positiveInteger("num_experts_per_tok"),
                fields.positiveInteger("moe_intermediate_size"),
                fields.bool("use_expert_bias"),
                fields.bool("norm_topk_prob"),
                fields.positiveNumber("routed_scaling_factor"));
    }

    private static ConfigException missing(JsonFields fields, String key) {
        return fields.rejection("missing_key", key + " is absent or empty; nothing is assumed for it");
    }
}
