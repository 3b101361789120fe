package io.penstock.runtime.config;

import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The shapes of the family's published models and of the demo model, for plans and random weights without a file. */
public final class ModelShapes {
    private static final int HEAD_DIM = 64;
    private static final float NORM_EPS = 1e-5f;
    private static final SpecialTokens TOKENS_64K = new SpecialTokens(1, List.of(7), 0);
    private static final SpecialTokens TOKENS_128K = new SpecialTokens(124894, List.of(124900), 124893);
    private static final List<Integer> ATTENTION_OF_24 = List.of(2, 6, 10, 14, 18, 21);
    private static final List<Integer> ATTENTION_OF_16 = List.of(2, 5, 8, 10, 12, 14);
    private static final MoeConfig EXPERTS_8B = new MoeConfig(32, 4, 1792, true, true, 1);
    private static final Map<String, ModelConfig> SHAPES = shapes();

    private ModelShapes() {}

    /** The shape of a model by its published name in lower case; an unknown name is refused with the known ones. */
    public static ModelConfig named(String name) {
        ModelConfig config = SHAPES.get(name);
        if (config == null) {
            throw new InputException("unknown model shape " + StrictJson.quote(name) + "; known are "
                    + String.join(", ", SHAPES.keySet()));
        }
        return config;
    }

    /** All names, the largest interest first. */
    public static Set<String> names() {
        return SHAPES.keySet();
    }

    private static Map<String, ModelConfig> shapes() {
        var shapes = new LinkedHashMap<String, ModelConfig>();
        shapes.put("lfm2.5-8b-a1b", moe(
                new Dimensions(128_000, 2048, 128_000, 3, NORM_EPS), layers(24, ATTENTION_OF_24),
                new AttentionConfig(32, 8, HEAD_DIM, 5e6), 7168, EXPERTS_8B, TOKENS_128K));
        shapes.put("lfm2-8b-a1b", moe(
                new Dimensions(65_536, 2048, 128_000, 3, NORM_EPS), layers(24, ATTENTION_OF_24),
                new AttentionConfig(32, 8, HEAD_DIM, 1e6), 7168, EXPERTS_8B, TOKENS_64K));
        shapes.put("lfm2-24b-a2b", moe(
                new Dimensions(65_536, 2048, 128_000, 3, NORM_EPS),
                layers(40, List.of(2, 6, 10, 14, 18, 22, 26, 30, 34, 38)),
                new AttentionConfig(32, 8, HEAD_DIM, 1e6), 11_776,
                new MoeConfig(64, 4, 1536, true, true, 1), TOKENS_64K));
        shapes.put("lfm2-1.2b", dense(
                new Dimensions(65_536, 2048, 128_000, 3, NORM_EPS), layers(16, ATTENTION_OF_16),
                new AttentionConfig(32, 8, HEAD_DIM, 1e6), 8192, TOKENS_64K));
        shapes.put("lfm2-350m", dense(
                new Dimensions(65_536, 1024, 128_000, 3, NORM_EPS), layers(16, ATTENTION_OF_16),
                new AttentionConfig(16, 8, HEAD_DIM, 1e6), 4608, TOKENS_64K));
        shapes.put("lfm2.5-2.6b", dense(
                new Dimensions(128_000, 2048, 131_072, 3, NORM_EPS),
                layers(30, List.of(2, 5, 9, 13, 17, 21, 24, 27)),
                new AttentionConfig(32, 8, HEAD_DIM, 1e7), 10_752, TOKENS_128K));
        shapes.put("penstock-demo", moe(
                new Dimensions(4096, 256, 4096, 3, NORM_EPS), layers(6, List.of(2, 5)),
                new AttentionConfig(4, 1, HEAD_DIM, 5e6), 512,
                new MoeConfig(8, 4, 128, true, true, 1), new SpecialTokens(4043, List.of(4049), 4042)));
        return Collections.unmodifiableMap(shapes);
    }

    private static ModelConfig moe(
            Dimensions dimensions,
            List<LayerType> layers,
            AttentionConfig attention,
            int denseWidth,
            MoeConfig moe,
            SpecialTokens tokens) {
        var feedForward = new FeedForwardConfig(2, denseWidth);
        return new ModelConfig(ModelConfig.MOE_TYPE, dimensions, layers, attention, feedForward, moe, tokens);
    }

    private static ModelConfig dense(
            Dimensions dimensions,
            List<LayerType> layers,
            AttentionConfig attention,
            int denseWidth,
            SpecialTokens tokens) {
        var feedForward = new FeedForwardConfig(layers.size(), denseWidth);
        return new ModelConfig(
                ModelConfig.DENSE_TYPE, dimensions, layers, attention, feedForward, MoeConfig.NONE, tokens);
    }

    private static List<LayerType> layers(int numLayers, List<Integer> attention) {
        var types = new ArrayList<>(Collections.nCopies(numLayers, LayerType.CONV));
        attention.forEach(layer -> types.set(layer, LayerType.FULL_ATTENTION));
        return types;
    }
}
