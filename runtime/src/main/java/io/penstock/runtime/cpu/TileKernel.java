package io.penstock.runtime.cpu;

/**
 * The product inside attention: {@code c[r, 0..64) += sum over i of a[r, i] * b[i, 0..64)}, one fused multiply-add
 * after the other from i = 0. Serves scores (a = query, b = transposed keys) and values (a = probabilities).
 */
abstract class TileKernel {
    /** Rows of one call of {@link #multiplyFour}. */
    static final int ROWS = 4;

    /** Columns of a tile. */
    static final int COLUMNS = RopeTable.HEAD_DIM;

    /**
     * Four rows; row {@code r} of {@code a} starts at {@code aOffsets[r]}, row {@code r} of {@code c} at
     * {@code 64 r}.
     */
    abstract void multiplyFour(float[] a, int[] aOffsets, float[] b, int bFrom, int n, float[] c);

    /** One row: steps {@code first} to {@code n} of the sum. */
    abstract void multiplyOne(float[] a, int aFrom, float[] b, int bFrom, int first, int n, float[] c, int cFrom);
}
