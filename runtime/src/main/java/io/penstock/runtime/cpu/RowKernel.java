package io.penstock.runtime.cpu;

/**
 * What is done to rows between the products, where a row is too short for the compiler's own vectors to pay, or has
 * exponentials.
 */
abstract class RowKernel {
    /** {@code gate = silu(gate) * up}, {@code n} values in float32. */
    abstract void siluAndMul(float[] gate, int gateFrom, float[] up, int upFrom, int n);

    /** {@code x = e^(x - max)}, {@code n} values in place; {@link Elementwise#exp} says how exactly. */
    abstract void expMinus(float[] x, int from, int n, float max);

    /** {@code x = x * factor}, {@code n} values in place. */
    abstract void scale(float[] x, int from, int n, float factor);

    /** The nearest bfloat16 values, {@code n} in place; {@link Arithmetic#bf16} says how exactly. */
    abstract void roundBf16(float[] x, int from, int n);

    /** {@code to = x}, {@code n} values. */
    abstract void copy(float[] x, int from, float[] to, int toFrom, int n);

    /** {@code x += y}, {@code n} values. */
    abstract void add(float[] x, int from, float[] y, int yFrom, int n);

    /** {@code out = x * y}, {@code n} values; in place is allowed. */
    abstract void multiply(float[] out, int outFrom, float[] x, int from, float[] y, int yFrom, int n);

    /** {@code out = x * y + out}, {@code n} values, rounded once. */
    abstract void multiplyAdd(float[] out, int outFrom, float[] x, int from, float[] y, int yFrom, int n);

    /** {@link Elementwise#sumOfSquares}. */
    abstract float sumOfSquares(float[] x, int from, int n);

    /** RMSNorm of one row: {@code out = x / sqrt(mean(x^2) + eps) * weight}. In place is allowed. */
    final void rmsNorm(
            float[] out, int outFrom, float[] x, int from, float[] weight, float eps, Arithmetic arithmetic) {
        int n = weight.length;
        float scale = (float) (1 / Math.sqrt(sumOfSquares(x, from, n) / n + eps));
        copy(x, from, out, outFrom, n);
        scale(out, outFrom, n, scale);
        store(out, outFrom, n, arithmetic);
        multiply(out, outFrom, out, outFrom, weight, 0, n);
        store(out, outFrom, n, arithmetic);
    }

    /** {@code n} values as {@code arithmetic} stores them, in place. */
    final void store(float[] x, int from, int n, Arithmetic arithmetic) {
        if (arithmetic == Arithmetic.BFLOAT16) {
            roundBf16(x, from, n);
        }
    }
}
