package io.penstock.runtime.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link TileKernel} with the Vector API: lanes are columns, so each lane adds in the scalar twin's order. */
final class VectorTileKernel extends TileKernel {
    private static final VectorSpecies<Float> F = VectorShapes.FLOATS;
    private static final int LANES = F.length();

    @Override
    void multiplyFour(float[] a, int[] aOffsets, float[] b, int bFrom, int n, float[] c) {
        int a0 = aOffsets[0];
        int a1 = aOffsets[1];
        int a2 = aOffsets[2];
        int a3 = aOffsets[3];
        for (int j = 0; j < COLUMNS; j += 2 * LANES) {
            FloatVector c00 = FloatVector.fromArray(F, c, j);
            FloatVector c01 = FloatVector.fromArray(F, c, j + LANES);
            FloatVector c10 = FloatVector.fromArray(F, c, COLUMNS + j);
            FloatVector c11 = FloatVector.fromArray(F, c, COLUMNS + j + LANES);
            FloatVector c20 = FloatVector.fromArray(F, c, 2 * COLUMNS + j);
            FloatVector c21 = FloatVector.fromArray(F, c, 2 * COLUMNS + j + LANES);
            FloatVector c30 = FloatVector.fromArray(F, c, 3 * COLUMNS + j);
            FloatVector c31 = FloatVector.fromArray(F, c, 3 * COLUMNS + j + LANES);
            for (int i = 0; i < n; i++) {
                FloatVector b0 = FloatVector.fromArray(F, b, bFrom + i * COLUMNS + j);
                FloatVector b1 = FloatVector.fromArray(F, b, bFrom + i * COLUMNS + j + LANES);
                FloatVector v = FloatVector.broadcast(F, a[a0 + i]);
                c00 = b0.fma(v, c00);
                c01 = b1.fma(v, c01);
                v = FloatVector.broadcast(F, a[a1 + i]);
                c10 = b0.fma(v, c10);
                c11 = b1.fma(v, c11);
                v = FloatVector.broadcast(F, a[a2 + i]);
                c20 = b0.fma(v, c20);
                c21 = b1.fma(v, c21);
                v = FloatVector.broadcast(F, a[a3 + i]);
                c30 = b0.fma(v, c30);
                c31 = b1.fma(v, c31);
            }
            c00.intoArray(c, j);
            c01.intoArray(c, j + LANES);
            c10.intoArray(c, COLUMNS + j);
            c11.intoArray(c, COLUMNS + j + LANES);
            c20.intoArray(c, 2 * COLUMNS + j);
            c21.intoArray(c, 2 * COLUMNS + j + LANES);
            c30.intoArray(c, 3 * COLUMNS + j);
            c31.intoArray(c, 3 * COLUMNS + j + LANES);
        }
    }

    @Override
    void multiplyOne(float[] a, int aFrom, float[] b, int bFrom, int first, int n, float[] c, int cFrom) {
        for (int j = 0; j < COLUMNS; j += 2 * LANES) {
            FloatVector c0 = FloatVector.fromArray(F, c, cFrom + j);
            FloatVector c1 = FloatVector.fromArray(F, c, cFrom + j + LANES);
            for (int i = first; i < n; i++) {
                FloatVector v = FloatVector.broadcast(F, a[aFrom + i]);
                c0 = FloatVector.fromArray(F, b, bFrom + i * COLUMNS + j).fma(v, c0);
                c1 = FloatVector.fromArray(F, b, bFrom + i * COLUMNS + j + LANES).fma(v, c1);
            }
            c0.intoArray(c, cFrom + j);
            c1.intoArray(c, cFrom + j + LANES);
        }
    }
}
