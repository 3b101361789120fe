package io.penstock.runtime.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RowKernel} with the Vector API, which the compiler does not come to by itself: {@link Elementwise#exp}
 * branches, and its loops need longer rows. Each lane does what the scalar twin does; what is left behind the last
 * whole vector goes there.
 */
final class VectorRowKernel extends RowKernel {
    private static final VectorSpecies<Float> F = VectorShapes.FLOATS;
    private static final int LANES = F.length();
    private static final VectorSpecies<Float> SUMS = FloatVector.SPECIES_256;
    private static final int ROUNDER_BITS = Float.floatToRawIntBits(Elementwise.ROUNDER);

    private final RowKernel rest = new ScalarRowKernel();

    @Override
    void siluAndMul(
            float[] out, int outFrom, float[] gate, int gateFrom, float[] up, int upFrom, int n, float[] scratch) {
        int whole = n - n % LANES;
        exp(scratch, 0, gate, gateFrom, whole, -1, 0);
        for (int i = 0; i < whole; i += LANES) {
            FloatVector.fromArray(F, gate, gateFrom + i).div(FloatVector.fromArray(F, scratch, i).add(1))
                    .mul(FloatVector.fromArray(F, up, upFrom + i)).intoArray(out, outFrom + i);
        }
        rest.siluAndMul(out, outFrom + whole, gate, gateFrom + whole, up, upFrom + whole, n - whole, scratch);
    }

    @Override
    void expMinus(float[] x, int from, int n, float max) {
        int whole = n - n % LANES;
        exp(x, from, x, from, whole, 1, max);
        rest.expMinus(x, from + whole, n - whole, max);
    }

    @Override
    void scale(float[] out, int outFrom, float[] x, int from, int n, float factor) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            FloatVector.fromArray(F, x, from + i).mul(factor).intoArray(out, outFrom + i);
        }
        rest.scale(out, outFrom + i, x, from + i, n - i, factor);
    }

    @Override
    void roundBf16(float[] x, int from, int n) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, from + i);
            IntVector bits = v.reinterpretAsInts();
            bits.lanewise(VectorOperators.LSHR, 16).and(1).add(0x7FFF).add(bits).and(0xFFFF0000)
                    .reinterpretAsFloats().blend(v, v.test(VectorOperators.IS_NAN)).intoArray(x, from + i);
        }
        rest.roundBf16(x, from + i, n - i);
    }

    @Override
    void copy(float[] x, int from, float[] to, int toFrom, int n) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            FloatVector.fromArray(F, x, from + i).intoArray(to, toFrom + i);
        }
        rest.copy(x, from + i, to, toFrom + i, n - i);
    }

    @Override
    void scaleAndMultiply(float[] out, int outFrom, float[] x, int from, float factor, float[] weight) {
        if (weight.length % LANES != 0) {
            rest.scaleAndMultiply(out, outFrom, x, from, factor, weight);
            return;
        }
        for (int i = 0; i < weight.length; i += LANES) {
            FloatVector.fromArray(F, x, from + i).mul(factor).mul(FloatVector.fromArray(F, weight, i))
                    .intoArray(out, outFrom + i);
        }
    }

    @Override
    void sumRows(float[] out, int outFrom, float[] x, int from, int numRows, int n) {
        if (n % LANES != 0) {
            rest.sumRows(out, outFrom, x, from, numRows, n);
            return;
        }
        for (int i = 0; i < n; i += LANES) {
            FloatVector sum = FloatVector.fromArray(F, x, from + i);
            for (int row = 1; row < numRows; row++) {
                sum = sum.add(FloatVector.fromArray(F, x, from + row * n + i));
            }
            sum.intoArray(out, outFrom + i);
        }
    }

    @Override
    void add(float[] x, int from, float[] y, int yFrom, int n) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            FloatVector.fromArray(F, x, from + i).add(FloatVector.fromArray(F, y, yFrom + i)).intoArray(x, from + i);
        }
        rest.add(x, from + i, y, yFrom + i, n - i);
    }

    @Override
    void multiply(float[] out, int outFrom, float[] x, int from, float[] y, int yFrom, int n) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            FloatVector.fromArray(F, x, from + i).mul(FloatVector.fromArray(F, y, yFrom + i))
                    .intoArray(out, outFrom + i);
        }
        rest.multiply(out, outFrom + i, x, from + i, y, yFrom + i, n - i);
    }

    @Override
    void convolve(float[] out, int outFrom, float[] weights, int weightsFrom, int weightsStep, float[] window,
            int windowStep, int taps, int n) {
        if (n % LANES != 0) {
            rest.convolve(out, outFrom, weights, weightsFrom, weightsStep, window, windowStep, taps, n);
            return;
        }
        for (int c = 0; c < n; c += LANES) {
            FloatVector sum = FloatVector.zero(F);
            for (int tap = 0; tap < taps; tap++) {
                sum = FloatVector.fromArray(F, weights, weightsFrom + tap * weightsStep + c)
                        .fma(FloatVector.fromArray(F, window, tap * windowStep + c), sum);
            }
            sum.intoArray(out, outFrom + c);
        }
    }

    /** The eight sums are eight lanes. */
    @Override
    float sumOfSquares(float[] x, int from, int n) {
        if (LANES < SUMS.length()) {
            return rest.sumOfSquares(x, from, n);
        }
        FloatVector s = FloatVector.zero(SUMS);
        for (int i = from; i < from + n; i += SUMS.length()) {
            FloatVector v = FloatVector.fromArray(SUMS, x, i);
            s = v.fma(v, s);
        }
        float even = (s.lane(0) + s.lane(4)) + (s.lane(2) + s.lane(6));
        return even + ((s.lane(1) + s.lane(5)) + (s.lane(3) + s.lane(7)));
    }

    /** {@code to = e^(sign x - minus)}, {@code sign} 1 or -1; whole arrays, because vectors must not leave a method. */
    private static void exp(float[] to, int toFrom, float[] x, int from, int n, float sign, float minus) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, from + i).mul(sign).sub(minus);
            FloatVector shifted = v.fma(FloatVector.broadcast(F, Elementwise.LOG2_E),
                    FloatVector.broadcast(F, Elementwise.ROUNDER));
            FloatVector exponent = shifted.sub(Elementwise.ROUNDER);
            FloatVector r = exponent.fma(FloatVector.broadcast(F, -Elementwise.LN2_HIGH), v);
            r = exponent.fma(FloatVector.broadcast(F, -Elementwise.LN2_LOW), r);
            FloatVector p = FloatVector.broadcast(F, Elementwise.P0);
            p = p.fma(r, FloatVector.broadcast(F, Elementwise.P1));
            p = p.fma(r, FloatVector.broadcast(F, Elementwise.P2));
            p = p.fma(r, FloatVector.broadcast(F, Elementwise.P3));
            p = p.fma(r, FloatVector.broadcast(F, Elementwise.P4));
            p = p.fma(r, FloatVector.broadcast(F, Elementwise.P5));
            p = p.fma(r.mul(r), r).add(1);
            IntVector power = shifted.reinterpretAsInts().sub(ROUNDER_BITS).add(Elementwise.EXPONENT_BIAS)
                    .lanewise(VectorOperators.LSHL, Elementwise.MANTISSA_BITS);
            p.mul(power.reinterpretAsFloats())
                    .blend(0, v.lt(Elementwise.MIN_EXPONENT))
                    .blend(Float.POSITIVE_INFINITY, v.compare(VectorOperators.GT, Elementwise.MAX_EXPONENT))
                    .intoArray(to, toFrom + i);
        }
    }
}
