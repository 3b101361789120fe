package io.penstock.runtime.cpu;

/** Exponentials over rows: the gate of a feed-forward layer, the probabilities of attention. */
abstract class RowKernel {
    /** {@code gate = silu(gate) * up}, {@code n} values in float32. */
    abstract void siluAndMul(float[] gate, int gateFrom, float[] up, int upFrom, int n);

    /** {@code x = e^(x - max)}, {@code n} values in place; {@link Elementwise#exp} says how exactly. */
    abstract void expMinus(float[] x, int from, int n, float max);
}
