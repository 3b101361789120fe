package io.penstock.runtime.cpu;

/**
 * What a CPU run rounds. Sums, statistics, softmax, angles and the router are float32 in both.
 *
 * <p>{@link #BFLOAT16} rounds to nearest even exactly where the CUDA kernels write or narrow a value:
 * <ul>
 *   <li>residual stream: the embedding row, and after every addition;
 *   <li>RMSNorm: once after the normalisation, once after the weight (as the reference does);
 *   <li>linear: the output, once; SwiGLU: once, after silu(gate) * up (both are still float32 there);
 *   <li>short convolution: B * x, the convolution's sum, and C * y; the conv state holds rounded columns;
 *   <li>q and k: twice in their norm, once after the rotation; v as projected; KV blocks hold rounded values;
 *   <li>attention: the unnormalised probabilities before they meet v (their sum is of unrounded ones), and the output;
 *   <li>experts: each expert's output times its weight, and the sum of a token's experts;
 *   <li>logits are not rounded.
 * </ul>
 */
public enum Arithmetic {
    FLOAT32,
    BFLOAT16;

    /** The nearest bfloat16 value, ties to even; NaN stays NaN. */
    static float bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int rounded = (bits + 0x7FFF + (bits >>> 16 & 1)) & 0xFFFF0000;
        return value != value ? value : Float.intBitsToFloat(rounded);
    }

    /** {@code value} as this arithmetic stores it. */
    float store(float value) {
        return this == FLOAT32 ? value : bf16(value);
    }
}
