package io.penstock.runtime.cpu;

/**
 * Operations on rows without a sum over long vectors, or with one in a fixed order. Plain loops that the compiler
 * vectorizes; they have no other twin because their bits do not depend on it.
 */
final class Elementwise {
    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;

    /** Adding it rounds a float below 2^22 to an integer that stands in its low bits. */
    private static final float ROUNDER = 12582912f;

    private static final float MIN_EXPONENT = -87.33654f;
    private static final float MAX_EXPONENT = 88.37626f;

    private Elementwise() {}

    /** {@code e^x} within 2 ulp (Cephes' polynomial); 0 below -87.34, infinity above 88.38. */
    static float exp(float x) {
        if (x > MAX_EXPONENT) {
            return Float.POSITIVE_INFINITY;
        }
        if (x < MIN_EXPONENT) {
            return 0;
        }
        float shifted = Math.fma(x, LOG2_E, ROUNDER);
        float n = shifted - ROUNDER;
        float r = Math.fma(n, -LN2_HIGH, x);
        r = Math.fma(n, -LN2_LOW, r);
        float p = 1.9875691500e-4f;
        p = Math.fma(p, r, 1.3981999507e-3f);
        p = Math.fma(p, r, 8.3334519073e-3f);
        p = Math.fma(p, r, 4.1665795894e-2f);
        p = Math.fma(p, r, 1.6666665459e-1f);
        p = Math.fma(p, r, 5.0000001201e-1f);
        float y = Math.fma(p, r * r, r) + 1;
        int exponent = Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(ROUNDER);
        return y * Float.intBitsToFloat(exponent + 127 << 23);
    }

    /** {@code x / (1 + e^-x)}. */
    static float silu(float x) {
        return x / (1 + exp(-x));
    }

    /** {@code gate = silu(gate) * up}, in float32. */
    static void siluAndMul(float[] gate, int gateFrom, float[] up, int upFrom, int n) {
        for (int i = 0; i < n; i++) {
            gate[gateFrom + i] = silu(gate[gateFrom + i]) * up[upFrom + i];
        }
    }

    /** Sum of squares of {@code n} values, {@code n} a multiple of 8; eight interleaved sums, added as a tree. */
    static float sumOfSquares(float[] x, int from, int n) {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
        for (int i = from; i < from + n; i += 8) {
            s0 = Math.fma(x[i], x[i], s0);
            s1 = Math.fma(x[i + 1], x[i + 1], s1);
            s2 = Math.fma(x[i + 2], x[i + 2], s2);
            s3 = Math.fma(x[i + 3], x[i + 3], s3);
            s4 = Math.fma(x[i + 4], x[i + 4], s4);
            s5 = Math.fma(x[i + 5], x[i + 5], s5);
            s6 = Math.fma(x[i + 6], x[i + 6], s6);
            s7 = Math.fma(x[i + 7], x[i + 7], s7);
        }
        return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
    }

    /** RMSNorm of one row: {@code out = x / sqrt(mean(x^2) + eps) * weight}. In place is allowed. */
    static void rmsNorm(
            float[] out, int outFrom, float[] x, int from, float[] weight, float eps, Arithmetic arithmetic) {
        int n = weight.length;
        float scale = (float) (1 / Math.sqrt(sumOfSquares(x, from, n) / n + eps));
        if (arithmetic == Arithmetic.FLOAT32) {
            for (int i = 0; i < n; i++) {
                out[outFrom + i] = x[from + i] * scale * weight[i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                out[outFrom + i] = Arithmetic.bf16(Arithmetic.bf16(x[from + i] * scale) * weight[i]);
            }
        }
    }

    /** {@code x += y}. */
    static void add(float[] x, int xFrom, float[] y, int yFrom, int n, Arithmetic arithmetic) {
        for (int i = 0; i < n; i++) {
            x[xFrom + i] += y[yFrom + i];
        }
        if (arithmetic == Arithmetic.BFLOAT16) {
            roundBf16(x, xFrom, n);
        }
    }

    static void roundBf16(float[] x, int from, int n) {
        for (int i = from; i < from + n; i++) {
            x[i] = Arithmetic.bf16(x[i]);
        }
    }

    /** Rotates one head of 64 by its position: pairs are (i, i + 32). */
    static void rope(float[] x, int from, float[] cos, float[] sin, int table, Arithmetic arithmetic) {
        int half = RopeTable.HALF;
        for (int i = 0; i < half; i++) {
            float a = x[from + i];
            float b = x[from + half + i];
            float c = cos[table + i];
            float s = sin[table + i];
            x[from + i] = arithmetic.store(a * c - b * s);
            x[from + half + i] = arithmetic.store(b * c + a * s);
        }
    }
}
