package io.penstock.runtime.cpu;

/** The definition of {@link RowKernel}, without the Vector API. */
final class ScalarRowKernel extends RowKernel {
    @Override
    void siluAndMul(
            float[] out, int outFrom, float[] gate, int gateFrom, float[] up, int upFrom, int n, float[] scratch) {
        for (int i = 0; i < n; i++) {
            out[outFrom + i] = Elementwise.silu(gate[gateFrom + i]) * up[upFrom + i];
        }
    }

    @Override
    void expMinus(float[] x, int from, int n, float max) {
        for (int i = from; i < from + n; i++) {
            x[i] = Elementwise.exp(x[i] - max);
        }
    }

    @Override
    void scale(float[] out, int outFrom, float[] x, int from, int n, float factor) {
        for (int i = 0; i < n; i++) {
            out[outFrom + i] = x[from + i] * factor;
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
    void scaleAndMultiply(float[] out, int outFrom, float[] x, int from, float factor, float[] weight) {
        for (int i = 0; i < weight.length; i++) {
            out[outFrom + i] = x[from + i] * factor * weight[i];
        }
    }

    @Override
    void sumRows(float[] out, int outFrom, float[] x, int from, int numRows, int n) {
        System.arraycopy(x, from, out, outFrom, n);
        for (int row = 1; row < numRows; row++) {
            add(out, outFrom, x, from + row * n, n);
        }
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
    void convolve(float[] out, int outFrom, float[] weights, int weightsFrom, int weightsStep, float[] window,
            int windowStep, int taps, int n) {
        for (int c = 0; c < n; c++) {
            float sum = 0;
            for (int tap = 0; tap < taps; tap++) {
                sum = Math.fma(weights[weightsFrom + tap * weightsStep + c], window[tap * windowStep + c], sum);
            }
            out[outFrom + c] = sum;
        }
    }

    @Override
    float sumOfSquares(float[] x, int from, int n) {
        return Elementwise.sumOfSquares(x, from, n);
    }
}
