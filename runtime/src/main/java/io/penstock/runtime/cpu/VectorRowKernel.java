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
    void siluAndMul(float[] gate, int gateFrom, float[] up, int upFrom, int n) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            FloatVector x = FloatVector.fromArray(F, gate, gateFrom + i);
            x.div(exp(x.neg()).add(1)).mul(FloatVector.fromArray(F, up, upFrom + i)).intoArray(gate, gateFrom + i);
        }
        rest.siluAndMul(gate, gateFrom + i, up, upFrom + i, n - i);
    }

    @Override
    void expMinus(float[] x, int from, int n, float max) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            exp(FloatVector.fromArray(F, x, from + i).sub(max)).intoArray(x, from + i);
        }
        rest.expMinus(x, from + i, n - i, max);
    }

    @Override
    void scale(float[] x, int from, int n, float factor) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            FloatVector.fromArray(F, x, from + i).mul(factor).intoArray(x, from + i);
        }
        rest.scale(x, from + i, n - i, factor);
    }

    @Override
    void roundBf16(float[] x, int from, int n) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            bf16(FloatVector.fromArray(F, x, from + i)).intoArray(x, from + i);
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
    void multiplyAdd(float[] out, int outFrom, float[] x, int from, float[] y, int yFrom, int n) {
        int i = 0;
        for (; i + LANES <= n; i += LANES) {
            FloatVector.fromArray(F, x, from + i)
                    .fma(FloatVector.fromArray(F, y, yFrom + i), FloatVector.fromArray(F, out, outFrom + i))
                    .intoArray(out, outFrom + i);
        }
        rest.multiplyAdd(out, outFrom + i, x, from + i, y, yFrom + i, n - i);
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

    private static FloatVector bf16(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        IntVector rounded = bits.lanewise(VectorOperators.LSHR, 16).and(1).add(0x7FFF).add(bits).and(0xFFFF0000);
        return rounded.reinterpretAsFloats().blend(x, x.test(VectorOperators.IS_NAN));
    }

    private static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.fma(FloatVector.broadcast(F, Elementwise.LOG2_E),
                FloatVector.broadcast(F, Elementwise.ROUNDER));
        FloatVector n = shifted.sub(Elementwise.ROUNDER);
        FloatVector r = n.fma(FloatVector.broadcast(F, -Elementwise.LN2_HIGH), x);
        r = n.fma(FloatVector.broadcast(F, -Elementwise.LN2_LOW), r);
        FloatVector p = FloatVector.broadcast(F, Elementwise.P0);
        p = p.fma(r, FloatVector.broadcast(F, Elementwise.P1));
        p = p.fma(r, FloatVector.broadcast(F, Elementwise.P2));
        p = p.fma(r, FloatVector.broadcast(F, Elementwise.P3));
        p = p.fma(r, FloatVector.broadcast(F, Elementwise.P4));
        p = p.fma(r, FloatVector.broadcast(F, Elementwise.P5));
        FloatVector y = p.fma(r.mul(r), r).add(1);
        IntVector power = shifted.reinterpretAsInts().sub(ROUNDER_BITS).add(Elementwise.EXPONENT_BIAS)
                .lanewise(VectorOperators.LSHL, Elementwise.MANTISSA_BITS);
        return y.mul(power.reinterpretAsFloats())
                .blend(0, x.lt(Elementwise.MIN_EXPONENT))
                .blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, Elementwise.MAX_EXPONENT));
    }
}
