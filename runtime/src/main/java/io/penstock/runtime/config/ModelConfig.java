package io.penstock.runtime.config;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A model of the family in normalised form: what {@link ConfigReader} makes of any accepted {@code config.json}.
 * Embeddings are always tied, convolutions and projections have no bias.
 *
 * @param modelType {@code lfm2} or {@code lfm2_moe}
 * @param layerTypes the operator of each layer, from the first
 */
public record ModelConfig(
        String modelType,
        Dimensions dimensions,
        List<LayerType> layerTypes,
        AttentionConfig attention,
        FeedForwardConfig feedForward,
        MoeConfig moe,
        SpecialTokens tokens) {
    public static final String DENSE_TYPE = "lfm2";
    public static final String MOE_TYPE = "lfm2_moe";

    public ModelConfig {
        layerTypes = List.copyOf(layerTypes);
        if (feedForward.numDenseLayers() < 0 || feedForward.numDenseLayers() > layerTypes.size()) {
            throw new IllegalArgumentException(
                    feedForward.numDenseLayers() + " dense layers of " + layerTypes.size());
        }
        if (moe.numExperts() == 0 && feedForward.numDenseLayers() != layerTypes.size()) {
            throw new IllegalArgumentException("without experts all " + layerTypes.size() + " layers are dense, not "
                    + feedForward.numDenseLayers());
        }
    }

    public int vocabSize() {
        return dimensions.vocabSize();
    }

    public int hiddenSize() {
        return dimensions.hiddenSize();
    }

    public int numLayers() {
        return layerTypes.size();
    }

    /** Whether the model is of the mixture-of-experts type; its first layers may still be dense. */
    public boolean isMoe() {
        return moe.numExperts() > 0;
    }

    public boolean isAttention(int layer) {
        return layerTypes.get(layer) == LayerType.FULL_ATTENTION;
    }

    /** Whether the layer's feed-forward part is a mixture of experts. */
    public boolean hasExperts(int layer) {
        return layer >= feedForward.numDenseLayers();
    }

    /** Indices of the layers with attention, rising. */
    public int[] attentionLayers() {
        return layersOf(LayerType.FULL_ATTENTION);
    }

    public int numAttentionLayers() {
        return attentionLayers().length;
    }

    public int numConvLayers() {
        return numLayers() - numAttentionLayers();
    }

    public int numMoeLayers() {
        return numLayers() - feedForward.numDenseLayers();
    }

    /** Columns of Bx that a sequence keeps for each convolution layer. */
    public int convStateLength() {
        return dimensions.convLCache() - 1;
    }

    /** Weights of the model, expert biases included, the tied head once. */
    public long parameters() {
        return parametersWithExperts(moe.numExperts());
    }

    /** Weights that one token meets: as {@link #parameters}, with the chosen experts only. */
    public long activeParameters() {
        return parametersWithExperts(moe.expertsPerToken());
    }

    /** Weights of a layer's feed-forward part, its norm included, that one token meets. */
    public long activeFeedForwardParameters(int layer) {
        return hiddenSize() + (hasExperts(layer)
                ? sum(router(), experts(moe.expertsPerToken())) : product(3, hiddenSize(), feedForward.denseWidth()));
    }

    /** Tensors on disk when each expert matrix is a tensor of its own. */
    public long numTensors() {
        return numTensorsWithExperts(3L * moe.numExperts());
    }

    /** Tensors on disk when a layer's experts are fused into two. */
    public long numTensorsFused() {
        return numTensorsWithExperts(2);
    }

    private int[] layersOf(LayerType type) {
        return IntStream.range(0, numLayers()).filter(layer -> layerTypes.get(layer) == type).toArray();
    }

    private long parametersWithExperts(int numExperts) {
        long hidden = hiddenSize();
        long conv = 4 * hidden * hidden + hidden * dimensions.convLCache();
        long projections = 2 * (hidden * attention.queryWidth() + hidden * attention.kvWidth());
        long attentionOperator = projections + 2L * attention.headDim();
        long dense = product(3, hidden, feedForward.denseWidth());
        return sum(
                product(vocabSize(), hidden),
                product(2L * numLayers() + 1, hidden),
                product(numConvLayers(), conv),
                product(numAttentionLayers(), attentionOperator),
                product(feedForward.numDenseLayers(), dense),
                product(numMoeLayers(), sum(router(), experts(numExperts))));
    }

    private long router() {
        return product(hiddenSize() + (moe.useExpertBias() ? 1L : 0L), moe.numExperts());
    }

    private long experts(int number) {
        return product(3, hiddenSize(), moe.expertWidth(), number);
    }

    private long numTensorsWithExperts(long expertTensors) {
        long router = moe.useExpertBias() ? 2 : 1;
        return 2
                + 2L * numLayers()
                + 3L * numConvLayers()
                + 6L * numAttentionLayers()
                + 3L * feedForward.numDenseLayers()
                + numMoeLayers() * (router + expertTensors);
    }

    private static long product(long... factors) {
        long product = 1;
        for (long factor : factors) {
            product = Math.multiplyExact(product, factor);
        }
        return product;
    }

    private static long sum(long... terms) {
        long sum = 0;
        for (long term : terms) {
            sum = Math.addExact(sum, term);
        }
        return sum;
    }
}
