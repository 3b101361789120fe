package io.penstock.bench.step;

import io.penstock.kernels.ExpertsAddRmsNormKernel;
import io.penstock.runtime.config.ModelConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the operations of a step must move and compute at least: weights, rows read and written, keys and values, each
 * once, in bfloat16. With T tokens, E experts and k of them a token, {@code E (1 - (1 - k / E)^T)} experts are read.
 */
public final class StepFloors {
    private static final int BF16 = 2;
    private static final int FLOAT = 4;

    /** Bytes a row and token of what the LM head leaves of rows that need no logits: 16 for 64. */
    public static final double HEAD_RESULT = 0.25;

    /**
     * One call of an operation.
     *
     * @param numCalls in a step
     */
    public record Floor(int numCalls, double bytes, double flops) {}

    /**
     * Sizes of a step: each of {@code numSeqs} sequences has {@code context} tokens with this step's.
     *
     * @param isFused whether what experts do is one operation where they have few rows, and tokens are chosen where
     *     logits are computed, as on 9.0
     */
    public record Sizes(int numTokens, int numSeqs, int context, boolean isFused) {}

    private final ModelConfig model;
    private final double tokens;
    private final Map<String, Floor> floors = new LinkedHashMap<>();

    private StepFloors(ModelConfig model, Sizes sizes) {
        this.model = model;
        tokens = sizes.numTokens();
        double hidden = model.hiddenSize();
        double queries = model.attention().queryWidth();
        double kv = model.attention().kvWidth();
        double width = model.feedForward().denseWidth();
        int numDense = model.feedForward().numDenseLayers();
        rows("embed", 1, 2 * hidden);
        rows("rmsNorm", 1, 2 * hidden);
        projection("inProjShortConv", model.numConvLayers(), hidden, 3 * hidden,
                -3 * hidden * tokens + hidden * tokens + 2.0 * model.convStateLength() * hidden * sizes.numSeqs());
        projection("linear convOutProj", model.numConvLayers(), hidden, hidden, 0);
        if (sizes.isFused()) {
            projection("qkvNormRopeStore", model.numAttentionLayers(), hidden, queries + 2 * kv, 0);
        } else {
            projection("linear qkvProj", model.numAttentionLayers(), hidden, queries + 2 * kv, 0);
            rows("qkNormRopeStore", model.numAttentionLayers(), 2 * (queries + 2 * kv));
        }
        attention(sizes, queries, kv);
        projection("linear attentionOutProj", model.numAttentionLayers(), queries, hidden, 0);
        rows("addRmsNorm", 2 * numDense, 4 * hidden);
        projection("linearSiluAndMul", numDense, hidden, 2 * width, -width * tokens);
        projection("linear denseDown", numDense, width, hidden, 0);
        if (model.numMoeLayers() > 0) {
            experts(hidden, sizes.isFused());
        }
        put("gatherLast", 1, BF16 * 2.0 * sizes.numSeqs() * hidden, 0);
        double vocab = model.vocabSize();
        double logits = (sizes.isFused() ? HEAD_RESULT : FLOAT) * vocab * sizes.numSeqs();
        put("logits", 1, BF16 * (vocab * hidden + sizes.numSeqs() * hidden) + logits,
                2 * vocab * hidden * sizes.numSeqs());
        put("sample", 1, logits, 0);
    }

    /** The floors by the operations' names, in the order of a step. */
    public static Map<String, Floor> of(ModelConfig model, Sizes sizes) {
        return new StepFloors(model, sizes).floors;
    }

    private void put(String name, int numCalls, double bytes, double flops) {
        if (numCalls > 0) {
            floors.put(name, new Floor(numCalls, bytes, flops));
        }
    }

    private void rows(String name, int numCalls, double valuesPerToken) {
        put(name, numCalls, BF16 * tokens * valuesPerToken, 0);
    }

    private void projection(String name, int numCalls, double in, double out, double moreValues) {
        put(name, numCalls, BF16 * (in * out + tokens * (in + out) + moreValues), 2 * tokens * in * out);
    }

    private void attention(Sizes sizes, double queries, double kv) {
        double keys = (double) sizes.numSeqs() * sizes.context();
        boolean isDecode = sizes.numTokens() == sizes.numSeqs();
        double pairs = isDecode ? keys : tokens * (tokens + 1) / 2;
        put("attention", model.numAttentionLayers(), BF16 * (2 * kv * keys + 2 * queries * tokens),
                4 * queries * pairs);
    }

    private void experts(double hidden, boolean isFused) {
        double number = model.moe().numExperts();
        double chosen = model.moe().expertsPerToken();
        double width = model.moe().expertWidth();
        double touched = number * (1 - Math.pow(1 - chosen / number, tokens));
        double pairs = tokens * chosen;
        int layers = model.numMoeLayers();
        put("addRmsNormRouteTopK", layers, BF16 * (4 * tokens * hidden + number * hidden),
                2 * tokens * number * hidden);
        if (isFused && ExpertsAddRmsNormKernel.isFor((int) pairs, model.moe().numExperts())) {
            put("expertsAddRmsNorm", layers,
                    BF16 * (touched * 3 * hidden * width + 2 * pairs * (width + hidden) + 4 * tokens * hidden),
                    6 * pairs * hidden * width);
            return;
        }
        put("groupedLinearSiluAndMul", layers, BF16 * (touched * hidden * 2 * width + tokens * hidden + pairs * width),
                2 * pairs * hidden * 2 * width);
        put("groupedLinear", layers, BF16 * (touched * width * hidden + pairs * (width + hidden)),
                2 * pairs * width * hidden);
        put("combineAddRmsNorm", layers, BF16 * (pairs * hidden + 3 * tokens * hidden), 0);
    }
}
