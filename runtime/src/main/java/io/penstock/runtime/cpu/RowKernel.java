package io.penstock.runtime.cpu;

/**
 * What is done to rows between the products, where a row is too short for the compiler's own vectors to pay, or has
 * exponentials.
 */
abstract class RowKernel {
    /** {@code out = silu(gate) * up}, {@code n} values in float32; {@code scratch} has room for as many. */
    abstract void siluAndMul(
            float[] out, int outFrom, float[] gate, int gateFrom, float[] up, int upFrom, int n, float[] scratch);

    /** {@code x = e^(x - max)}, {@code n} values in place; {@link Elementwise#exp} says how exactly. */
    abstract void expMinus(float[] x, int from, int n, float max);

    /** {@code out = x * factor}, {@code n} values; in place is allowed. */
    abstract void scale(float[] out, int outFrom, float[] x, int from, int n, float factor);

    /** The nearest bfloat16 values, {@code n} in place; {@link Arithmetic#bf16} says how exactly. */
    abstract void roundBf16(float[] x, int from, int n);

    /** {@code to = x}, {@code n} values. */
    abstract void copy(float[] x, int from, float[] to, int toFrom, int n);

    /** {@code out = x * factor * weight}, as many values as weights; in place is allowed. */
    abstract void scaleAndMultiply(float[] out, int outFrom, float[] x, int from, float factor, float[] weight);

    /** {@code out} = the sum of {@code numRows} rows of {@code n} values, one added to those before it. */
    abstract void sumRows(float[] out, int outFrom, float[] x, int from, int numRows, int n);

    /** {@code x += y}, {@code n} values. */
    abstract void add(float[] x, int from, float[] y, int yFrom, int n);

    /** {@code out = x * y}, {@code n} values; in place is allowed. */
    abstract void multiply(float[] out, int outFrom, float[] x, int from, float[] y, int yFrom, int n);

    /**
     * {@code out[c] = sum over tap of weights[tap, c] * window[tap, c]} of {@code n} channels, each sum one fused
     * multiply-add after the other from the first tap.
     */
    abstract void convolve(float[] out, int outFrom, float[] weights, int weightsFrom, int weightsStep, float[] window,
            int windowStep, int taps, int n);

    /** {@link Elementwise#sumOfSquares}. */
    abstract float sumOfSquares(float[] x, int from, int n);

    /** RMSNorm of one row: {@code out = x / sqrt(mean(x^2) + eps) * weight}. In place is allowed. */
    final void rmsNorm(
            float[] out, int outFrom, float[] x, int from, float[] weight, float eps, Arithmetic arithmetic) {
        int n = weight.length;
        float scale = (float) (1 / Math.sqrt(sumOfSquares(x, from, n) / n + eps));
        if (arithmetic == Arithmetic.FLOAT32) {
            scaleAndMultiply(out, outFrom, x, from, scale, weight);
            return;
        }
        scale(out, outFrom, x, from, n, scale);
        roundBf16(out, outFrom, n);
        multiply(out, outFrom, out, outFrom, weight, 0, n);
        roundBf16(out, outFrom, n);
    }

    /** {@code n} values as {@code arithmetic} stores them, in place. */
    final void store(float[] x, int from, int n, Arithmetic arithmetic) {
        if (arithmetic == Arithmetic.BFLOAT16) {
            roundBf16(x, from, n);
        }
    }
}
