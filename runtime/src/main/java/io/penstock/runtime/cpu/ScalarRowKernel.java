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
}
