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
}
