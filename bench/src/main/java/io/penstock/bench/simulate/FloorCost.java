package io.penstock.bench.simulate;

import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.plan.MemoryPlan;

/**
 * What the chip allows: for each operation the longer of moving its bytes once and computing its FLOPs at the peak,
 * one operation after the other. Bytes are weights, the rows read and written, and the keys and values; everything is
 * bfloat16. With T tokens a step, E experts and k of them a token, {@code E (1 - (1 - k / E)^T)} experts are read.
 * Norms and additions count as fused into their neighbours.
 */
public final class FloorCost implements StepCost {
    private static final int BF16_BYTES = 2;
    private static final double NS_PER_SECOND = 1e9;

    private final ModelConfig model;
    private final DeviceSpec device;
    private final double efficiency;

    /** @param efficiency the share of the floors' speed that is reached: above 0, 1 for the floors themselves */
    public FloorCost(ModelConfig model, DeviceSpec device, double efficiency) {
        if (!(efficiency > 0 && efficiency <= 1)) {
            throw new InputException("efficiency must be above 0 and at most 1, not " + efficiency);
        }
        this.model = model;
        this.device = device;
        this.efficiency = efficiency;
    }

    @Override
    public long costNs(StepWork work) {
        double seconds = copies(work.copies());
        if (work.tokens() > 0) {
            seconds += operators(work.tokens()) + feedForward(work.tokens())
                    + attention(work.decode()) + attention(work.prefill())
                    + gemm(work.logits(), model.hiddenSize(), model.vocabSize());
        }
        return Math.max(1, Math.round(seconds / efficiency * NS_PER_SECOND));
    }

    private double bound(double bytes, double flops) {
        return Math.max(bytes / device.bytesPerSecond(), flops / device.flopsPerSecond());
    }

    /** {@code [rows, in] x [in, out]}, weights read once. */
    private double gemm(double rows, double in, double out) {
        return rows == 0 ? 0 : bound(BF16_BYTES * (in * out + rows * (in + out)), 2 * rows * in * out);
    }

    /** Embedding, the projections around attention and convolution, and the convolution itself. */
    private double operators(double tokens) {
        double hidden = model.hiddenSize();
        double queries = model.attention().queryWidth();
        double keysAndValues = 2.0 * model.attention().kvWidth();
        double embed = bound(BF16_BYTES * 2 * tokens * hidden, 0);
        double convState = 2.0 * model.convStateLength();
        double conv = gemm(tokens, hidden, 3 * hidden) + gemm(tokens, hidden, hidden)
                + bound(BF16_BYTES * tokens * hidden * (4 + convState), 0);
        double attention = gemm(tokens, hidden, queries + keysAndValues) + gemm(tokens, queries, hidden);
        return embed + model.numConvLayers() * conv + model.numAttentionLayers() * attention;
    }

    private double feedForward(double tokens) {
        double hidden = model.hiddenSize();
        double denseWidth = model.feedForward().denseWidth();
        double dense = model.feedForward().numDenseLayers()
                * (gemm(tokens, hidden, 2 * denseWidth) + gemm(tokens, denseWidth, hidden));
        if (model.numMoeLayers() == 0) {
            return dense;
        }
        double numExperts = model.moe().numExperts();
        double width = model.moe().expertWidth();
        double rows = tokens * model.moe().expertsPerToken();
        double touched = numExperts * (1 - Math.pow(1 - model.moe().expertsPerToken() / numExperts, tokens));
        double activations = rows * (hidden + width);
        double gateUp = bound(BF16_BYTES * (touched * hidden * 2 * width + activations), 2 * rows * hidden * 2 * width);
        double down = bound(BF16_BYTES * (touched * width * hidden + activations), 2 * rows * width * hidden);
        return dense + model.numMoeLayers() * (gemm(tokens, hidden, numExperts) + gateUp + down);
    }

    /** Scores and weighted sum: {@code 2 x 2 x query width} FLOPs for each pair of a query and a key. */
    private double attention(StepWork.Attention work) {
        double kvBytes = 2.0 * BF16_BYTES * model.attention().kvWidth() * work.keys();
        double rowBytes = 2.0 * BF16_BYTES * model.attention().queryWidth() * work.queries();
        return model.numAttentionLayers()
                * bound(kvBytes + rowBytes, 4.0 * model.attention().queryWidth() * work.pairs());
    }

    private double copies(StepWork.Copies copies) {
        double blockBytes = MemoryPlan.kvBlockBytes(model);
        double overBus = copies.blocksOverBus() * blockBytes + copies.slotsOverBus() * MemoryPlan.convSlotBytes(model);
        return 2 * copies.blocks() * blockBytes / device.bytesPerSecond() + overBus / device.busBytesPerSecond();
    }
}
