package io.penstock.runtime.cpu;

/** The definition of {@link RowKernel}, without the Vector API. */
final class ScalarRowKernel extends RowKernel {
    @Override
    void siluAndMul(float[] gate, int gateFrom, float[] up, int upFrom, int n) {
        for (int i = 0; i < n; i++) {
            gate[gateFrom + i] = Elementwise.silu(gate[gateFrom + i]) * up[upFrom + i];
        }
    }

    @Override
    void expMinus(float[] x, int from, int n, float max) {
        for (int i = from; i < from + n; i++) {
            x[i] = Elementwise.exp(x[i] - max);
        }
    }

    @Override
    void scale(float[] x, int from, int n, float factor) {
        for (int i = from; i < from + n; i++) {
            x[i] *= factor;
        }
    }

    @Override
    void roundBf16(float[] x, int from, int n) {
        Elementwise.roundBf16(x, from, n);
    }

    @Override
    void copy(float[] x, int from, float[] to, int toFrom, int n) {
        System.arraycopy(x, from, to, toFrom, n);
    }

    @Override
    void add(float[] x, int from, float[] y, int yFrom, int n) {
        for (int i = 0; i < n; i++) {
            x[from + i] += y[yFrom + i];
        }
    }

    @Override
    void multiply(float[] out, int outFrom, float[] x, int from, float[] y, int yFrom, int n) {
        for (int i = 0; i < n; i++) {
            out[outFrom + i] = x[from + i] * y[yFrom + i];
        }
    }

    @Override
    void multiplyAdd(float[] out, int outFrom, float[] x, int from, float[] y, int yFrom, int n) {
        for (int i = 0; i < n; i++) {
            out[outFrom + i] = Math.fma(x[from + i], y[yFrom + i], out[outFrom + i]);
        }
    }

    @Override
    float sumOfSquares(float[] x, int from, int n) {
        return Elementwise.sumOfSquares(x, from, n);
    }
}
