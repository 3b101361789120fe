package io.penstock.runtime.cpu;

/** The definition of {@link TileKernel}, without the Vector API. */
final class ScalarTileKernel extends TileKernel {
    @Override
    void multiplyFour(float[] a, int[] aOffsets, float[] b, int bFrom, int n, float[] c) {
        for (int r = 0; r < ROWS; r++) {
            multiplyOne(a, aOffsets[r], b, bFrom, 0, n, c, r * COLUMNS);
        }
    }

    @Override
    void multiplyOne(float[] a, int aFrom, float[] b, int bFrom, int first, int n, float[] c, int cFrom) {
        for (int i = first; i < n; i++) {
            float value = a[aFrom + i];
            int row = bFrom + i * COLUMNS;
            for (int j = 0; j < COLUMNS; j++) {
                c[cFrom + j] = Math.fma(b[row + j], value, c[cFrom + j]);
            }
        }
    }
}
