package io.penstock.emulator.exec;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of products of 16 rows of A with B: each is one chain of fused multiply-adds in the order of k, so that the
 * scalar loop, which defines it, and the vector loop give the same bits.
 */
final class MatrixRows {
    /** Columns of B come in multiples of it. */
    static final int LANES = 8;

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_256;
    private static final int ROW_BLOCK = 4;

    private MatrixRows() {}

    /**
     * Adds products to sums.
     *
     * @param a {@code [16, k]}
     * @param b {@code [k, n]}
     * @param sums {@code [16, n]}
     * @param n a multiple of {@link #LANES}
     */
    static void add(float[] a, float[] b, float[] sums, int n, int k) {
        int column = 0;
        for (; column + 2 * LANES <= n; column += 2 * LANES) {
            for (int row = 0; row < Accumulator.ROWS; row += ROW_BLOCK) {
                addTwo(a, b, sums, row, column, n, k);
            }
        }
        for (; column < n; column += LANES) {
            for (int row = 0; row < Accumulator.ROWS; row++) {
                addOne(a, b, sums, row, column, n, k);
            }
        }
    }

    /** Four rows of two vectors. */
    private static void addTwo(float[] a, float[] b, float[] sums, int row, int column, int n, int k) {
        int at = row * n + column;
        FloatVector s00 = FloatVector.fromArray(SPECIES, sums, at);
        FloatVector s01 = FloatVector.fromArray(SPECIES, sums, at + LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, sums, at + n);
        FloatVector s11 = FloatVector.fromArray(SPECIES, sums, at + n + LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, sums, at + 2 * n);
        FloatVector s21 = FloatVector.fromArray(SPECIES, sums, at + 2 * n + LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, sums, at + 3 * n);
        FloatVector s31 = FloatVector.fromArray(SPECIES, sums, at + 3 * n + LANES);
        int from = row * k;
        for (int i = 0; i < k; i++) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, i * n + column);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, i * n + column + LANES);
            FloatVector x0 = FloatVector.broadcast(SPECIES, a[from + i]);
            FloatVector x1 = FloatVector.broadcast(SPECIES, a[from + k + i]);
            FloatVector x2 = FloatVector.broadcast(SPECIES, a[from + 2 * k + i]);
            FloatVector x3 = FloatVector.broadcast(SPECIES, a[from + 3 * k + i]);
            s00 = x0.fma(b0, s00);
            s01 = x0.fma(b1, s01);
            s10 = x1.fma(b0, s10);
            s11 = x1.fma(b1, s11);
            s20 = x2.fma(b0, s20);
            s21 = x2.fma(b1, s21);
            s30 = x3.fma(b0, s30);
            s31 = x3.fma(b1, s31);
        }
        s00.intoArray(sums, at);
        s01.intoArray(sums, at + LANES);
        s10.intoArray(sums, at + n);
        s11.intoArray(sums, at + n + LANES);
        s20.intoArray(sums, at + 2 * n);
        s21.intoArray(sums, at + 2 * n + LANES);
        s30.intoArray(sums, at + 3 * n);
        s31.intoArray(sums, at + 3 * n + LANES);
    }

    private static void addOne(float[] a, float[] b, float[] sums, int row, int column, int n, int k) {
        int at = row * n + column;
        FloatVector sum = FloatVector.fromArray(SPECIES, sums, at);
        for (int i = 0; i < k; i++) {
            sum = FloatVector.broadcast(SPECIES, a[row * k + i])
                    .fma(FloatVector.fromArray(SPECIES, b, i * n + column), sum);
        }
        sum.intoArray(sums, at);
    }

    /** What {@link #add} computes, one element after the other. */
    static void addScalar(float[] a, float[] b, float[] sums, int n, int k) {
        for (int row = 0; row < Accumulator.ROWS; row++) {
            for (int column = 0; column < n; column++) {
                float sum = sums[row * n + column];
                for (int i = 0; i < k; i++) {
                    sum = Math.fma(a[row * k + i], b[i * n + column], sum);
                }
                sums[row * n + column] = sum;
            }
        }
    }
}
