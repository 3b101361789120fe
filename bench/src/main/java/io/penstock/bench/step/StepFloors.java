package io.penstock.bench.step;

import io.penstock.kernels.ExpertsAddRmsNormKernel;
import io.penstock.runtime.config.ModelConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the operations of a step must move and compute at least: weights, rows read and written, keys and values, each
 * once, in bfloat16. With T tokens, E experts and k of them a token, {@code E (1 - (1 - k / E)^T)} experts are read.
 * The last layer's feed-forward part has the rows with logits alone, one a sequence.
 */
public final class StepFloors {
    private static final int BF16 = 2;
    private static final int FLOAT = 4;

    /** Bytes a row and token of what the LM head leaves of rows that take them as they are: 8 for 64. */
    public static final double HEAD_RESULT = 0.125;

    /**
     * One call of an operation; the mean, where the last layer's has fewer rows.
     *
     * @param numCalls in a step
     */
    public record Floor(int numCalls, double bytes, double flops) {}

    /**
     * Sizes of a step: each of {@code numSeqs} sequences has {@code context} tokens with this step's.
     *
     * @param isFused whether what experts do is one operation where they have few rows, rows are normalised and routed
     *     with the product that they come from, and tokens are chosen where logits are computed, as on 9.0
     */
    public record Sizes(int numTokens, int numSeqs, int context, boolean isFused) {}

    private final ModelConfig model;
    private final double tokens;
    private final double logitRows;
    private final boolean isFused;
    private final Map<String, Floor> floors = new LinkedHashMap<>();

    private StepFloors(ModelConfig model, Sizes sizes) {
        this.model = model;
        tokens = sizes.numTokens();
        logitRows = sizes.numSeqs();
        isFused = sizes.isFused();
        double hidden = model.hiddenSize();
        double queries = model.attention().queryWidth();
        double kv = model.attention().kvWidth();
        rows("embed", 1, tokens, 2 * hidden);
        rows("rmsNorm", 1, tokens, 2 * hidden);
        projection("inProjShortConv", model.numConvLayers(), tokens, hidden, 3 * hidden,
                -3 * hidden * tokens + hidden * tokens + 2.0 * model.convStateLength() * hidden * sizes.numSeqs());
        outProjection("convOutProj", false, hidden);
        if (isFused) {
            projection("qkvNormRopeStore", model.numAttentionLayers(), tokens, hidden, queries + 2 * kv, 0);
        } else {
            projection("linear qkvProj", model.numAttentionLayers(), tokens, hidden, queries + 2 * kv, 0);
            rows("qkNormRopeStore", model.numAttentionLayers(), tokens, 2 * (queries + 2 * kv));
        }
        attention(sizes, queries, kv);
        outProjection("attentionOutProj", true, queries);
        feedForward(model.hasExperts(model.numLayers() - 1));
        put("gatherLast", logitRows < tokens ? 2 : 1, BF16 * 2 * logitRows * hidden, 0);
        double vocab = model.vocabSize();
        double logits = (isFused ? HEAD_RESULT : FLOAT) * vocab * logitRows;
        put("logits", 1, BF16 * (vocab * hidden + logitRows * hidden) + logits, 2 * vocab * hidden * logitRows);
        put("sample", 1, logits, 0);
    }

    /** The floors by the operations' names, in the order of a step. */
    public static Map<String, Floor> of(ModelConfig model, Sizes sizes) {
        return new StepFloors(model, sizes).floors;
    }

    private void feedForward(boolean hasExpertsLast) {
        int numDense = model.feedForward().numDenseLayers();
        dense(hasExpertsLast ? numDense : numDense - 1, tokens);
        if (hasExpertsLast) {
            experts(model.numMoeLayers() - 1, tokens);
            experts(1, logitRows);
        } else {
            dense(1, logitRows);
        }
    }

    /** Whether the rows of a layer's projection out of its operator are those that are normalised behind it. */
    private boolean hasRowsBehind(int layer) {
        return isFused && (layer < model.numLayers() - 1 || logitRows == tokens);
    }

    /** The projections out of convolutions or attention, with what is in their launches. */
    private void outProjection(String name, boolean isOfAttention, double in) {
        double hidden = model.hiddenSize();
        for (int layer = 0; layer < model.numLayers(); layer++) {
            if (model.isAttention(layer) == isOfAttention) {
                if (!hasRowsBehind(layer)) {
                    projection("linear " + name, 1, tokens, in, hidden, 0);
                } else if (model.hasExperts(layer)) {
                    normed("linearAddRmsNormRouteTopK " + name, 1, tokens, in, model.moe().numExperts());
                } else {
                    normed("linearAddRmsNorm " + name, 1, tokens, in, 0);
                }
            }
        }
    }

    /** A product to the residual stream, and its rows added, normalised, and routed to so many experts or to none. */
    private void normed(String name, int numCalls, double numRows, double in, int numExperts) {
        double hidden = model.hiddenSize();
        put(name, numCalls, BF16 * (in * hidden + numRows * (in + 5 * hidden) + numExperts * hidden),
                2 * numRows * hidden * (in + numExperts));
    }

    private void put(String name, int numCalls, double bytes, double flops) {
        if (numCalls > 0) {
            floors.merge(name, new Floor(numCalls, bytes, flops), StepFloors::together);
        }
    }

    private static Floor together(Floor some, Floor more) {
        int numCalls = some.numCalls() + more.numCalls();
        return new Floor(numCalls, (some.numCalls() * some.bytes() + more.numCalls() * more.bytes()) / numCalls,
                (some.numCalls() * some.flops() + more.numCalls() * more.flops()) / numCalls);
    }

    private void rows(String name, int numCalls, double numRows, double valuesPerRow) {
        put(name, numCalls, BF16 * numRows * valuesPerRow, 0);
    }

    private void projection(String name, int numCalls, double numRows, double in, double out, double moreValues) {
        put(name, numCalls, BF16 * (in * out + numRows * (in + out) + moreValues), 2 * numRows * in * out);
    }

    private void attention(Sizes sizes, double queries, double kv) {
        double keys = (double) sizes.numSeqs() * sizes.context();
        boolean isDecode = sizes.numTokens() == sizes.numSeqs();
        double pairs = isDecode ? keys : tokens * (tokens + 1) / 2;
        put("attention", model.numAttentionLayers(), BF16 * (2 * kv * keys + 2 * queries * tokens),
                4 * queries * pairs);
    }

    /** Whether the norm behind an operator is an operation of its own. */
    private boolean isApart(double numRows) {
        return !isFused || numRows != tokens;
    }

    private void dense(int numLayers, double numRows) {
        double hidden = model.hiddenSize();
        double width = model.feedForward().denseWidth();
        rows("addRmsNorm", (isApart(numRows) ? numLayers : 0) + (isFused ? 0 : numLayers), numRows, 4 * hidden);
        projection("linearSiluAndMul", numLayers, numRows, hidden, 2 * width, -width * numRows);
        if (isFused) {
            normed("linearAddRmsNorm denseDown", numLayers, numRows, width, 0);
        } else {
            projection("linear denseDown", numLayers, numRows, width, hidden, 0);
        }
    }

    private void experts(int numLayers, double numRows) {
        double hidden = model.hiddenSize();
        double number = model.moe().numExperts();
        double chosen = model.moe().expertsPerToken();
        double width = model.moe().expertWidth();
        double touched = number * (1 - Math.pow(1 - chosen / number, numRows));
        double pairs = numRows * chosen;
        put("addRmsNormRouteTopK", isApart(numRows) ? numLayers : 0,
                BF16 * (4 * numRows * hidden + number * hidden), 2 * numRows * number * hidden);
        if (isFused && ExpertsAddRmsNormKernel.isFor((int) pairs, model.moe().numExperts())) {
            put("expertsAddRmsNorm", numLayers,
                    BF16 * (touched * 3 * hidden * width + 2 * pairs * (width + hidden) + 4 * numRows * hidden),
                    6 * pairs * hidden * width);
            return;
        }
        put("groupedLinearSiluAndMul", numLayers,
                BF16 * (touched * hidden * 2 * width + numRows * hidden + pairs * width),
                2 * pairs * hidden * 2 * width);
        double down = BF16 * (touched * width * hidden + pairs * (width + hidden));
        double combine = BF16 * (pairs * hidden + 3 * numRows * hidden);
        if (isFused) {
            put("groupedLinearAddRmsNorm", numLayers, down + combine, 2 * pairs * width * hidden);
        } else {
            put("groupedLinear", numLayers, down, 2 * pairs * width * hidden);
            put("combineAddRmsNorm", numLayers, combine, 0);
        }
    }
}
