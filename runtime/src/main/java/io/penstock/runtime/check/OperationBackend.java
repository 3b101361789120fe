package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;

/**
 * The operations of a backend on arrays, rows one after the other. Inputs are bfloat16 values unless said otherwise;
 * so are outputs. Memory (KV, conv states) lives as long as the backend.
 */
public interface OperationBackend extends AutoCloseable {
    /** Opens a backend for a model's shape. */
    interface Factory {
        OperationBackend open(ModelConfig config, ModelLimits limits);
    }

    /** What KV blocks hold before anything is written. */
    float UNWRITTEN = Float.intBitsToFloat(0x3F3F0000);

    float[] embed(float[] embedTokens, ForwardBatch batch);

    /** What a conv slot's sequence sampled last. */
    void setLastSampled(int convSlot, int tokenId);

    float[] rmsNorm(float[] x, float[] weight, boolean inPlace);

    /** The new residual and the norm. */
    float[][] addRmsNorm(float[] residual, float[] update, float[] weight);

    float[] add(float[] residual, float[] update, int columns);

    /** {@code gateUp} [rows, gate | up] is float32. */
    float[] siluAndMul(float[] gateUp, int width);

    /** {@code gateUp} [rows, gate | up] is bfloat16. */
    float[] siluAndMulRounded(float[] gateUp, int width);

    /** {@code weight} [columns, k]. */
    float[] linear(float[] x, float[] weight, int k);

    /** As {@link #linear}, with float32 results. */
    float[] logits(float[] x, float[] weight, int k);

    /** {@code gate} and {@code up} [width, k]. */
    float[] linearSiluAndMul(float[] x, float[] gate, float[] up, int k);

    float[] gatherLast(float[] x, ForwardBatch batch);

    /** {@code taps} [3, hidden]. */
    float[] shortConv(float[] bcx, float[] taps, int convLayer, ForwardBatch batch);

    /** The state [2, hidden] of a slot. */
    float[] convState(int convLayer, int slot);

    void setConvState(int convLayer, int slot, float[] state);

    float[] snapshot(int convLayer, int snapshot);

    void setSnapshot(int convLayer, int snapshot, float[] state);

    /** The rotated queries [tokens, heads 64]. */
    float[] qkNormRopeStore(float[] qkv, float[] qNorm, float[] kNorm, int attentionLayer, ForwardBatch batch);

    /** Key, then value [2, 64] of a KV slot. */
    float[] keyValue(int attentionLayer, int slot, int kvHead);

    @Override
    void close();
}
