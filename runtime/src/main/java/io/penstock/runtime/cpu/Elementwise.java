package io.penstock.runtime.cpu;

/**
 * Operations on rows without a sum over long vectors, or with one in a fixed order. Plain loops that the compiler
 * vectorizes, or where it does not, the definition of {@link RowKernel}; their bits do not depend on it.
 */
final class Elementwise {
    static final float LOG2_E = 1.44269504f;
    static final float LN2_HIGH = 0.693359375f;
    static final float LN2_LOW = -2.12194440e-4f;

    /** Adding it rounds a float below 2^22 to an integer that stands in its low bits. */
    static final float ROUNDER = 12582912f;

    static final float MIN_EXPONENT = -87.33654f;
    static final float MAX_EXPONENT = 88.37626f;
    static final int EXPONENT_BIAS = 127;
    static final int MANTISSA_BITS = 23;

    /** Coefficients of the polynomial, the highest power first. */
    static final float P0 = 1.9875691500e-4f;
    static final float P1 = 1.3981999507e-3f;
    static final float P2 = 8.3334519073e-3f;
    static final float P3 = 4.1665795894e-2f;
    static final float P4 = 1.6666665459e-1f;
    static final float P5 = 5.0000001201e-1f;

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
        float p = P0;
        p = Math.fma(p, r, P1);
        p = Math.fma(p, r, P2);
        p = Math.fma(p, r, P3);
        p = Math.fma(p, r, P4);
        p = Math.fma(p, r, P5);
        float y = Math.fma(p, r * r, r) + 1;
        int exponent = Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(ROUNDER);
        return y * Float.intBitsToFloat(exponent + EXPONENT_BIAS << MANTISSA_BITS);
    }

    /** {@code x / (1 + e^-x)}. */
    static float silu(float x) {
        return x / (1 + exp(-x));
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
