package io.penstock.runtime.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link PanelKernel} with the Vector API: lanes are output features, so each lane adds in the scalar twin's order.
 * A 32-bit lane holds two bfloat16 weights, which a shift and a mask turn into two float vectors. Accumulators are
 * local variables because only those stay in registers.
 */
final class VectorPanelKernel extends PanelKernel {
    private static final VectorSpecies<Float> F = VectorShapes.FLOATS;
    private static final VectorSpecies<Integer> I = VectorShapes.INTS;
    private static final int LANES = F.length();
    private static final int HALF = PackedMatrix.HALF;
    private static final int STRIDE = PackedMatrix.PANEL_ROWS;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /** 16 accumulators need the 32 registers that come with 512-bit vectors. */
    private static final boolean EIGHT_ROWS = LANES == HALF;

    @Override
    void multiply(PackedMatrix matrix, int panel, float[] x, int[] rowOffsets, int numRows, float[] tile) {
        long base = matrix.panelOffset(panel);
        int columns = matrix.columns();
        MemorySegment w = matrix.segment();
        for (int lane = 0; lane < HALF; lane += LANES) {
            if (matrix.isFloat32()) {
                for (int r = 0; r < numRows; r += 4) {
                    fourRowsFloat32(w, base + 4L * lane, columns, x, rowOffsets, r, tile, lane);
                }
            } else if (numRows == 1) {
                oneRow(w, base + 4L * lane, columns, x, rowOffsets[0], tile, lane);
            } else if (EIGHT_ROWS && numRows > 4) {
                eightRows(w, base, columns, x, rowOffsets, tile);
            } else {
                for (int r = 0; r < numRows; r += 4) {
                    fourRows(w, base + 4L * lane, columns, x, rowOffsets, r, tile, lane);
                }
            }
        }
    }

    private static void oneRow(
            MemorySegment w, long base, int columns, float[] x, int row, float[] tile, int lane) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        for (int k = 0; k < columns; k++) {
            IntVector words = IntVector.fromMemorySegment(I, w, base + ((long) k << 6), LE);
            FloatVector v = FloatVector.broadcast(F, x[row + k]);
            a = low(words).fma(v, a);
            b = high(words).fma(v, b);
        }
        a.intoArray(tile, lane);
        b.intoArray(tile, HALF + lane);
    }

    @Override
    void multiplyTwoPanels(PackedMatrix matrix, int panel, float[] x, int rowOffset, float[] tile) {
        for (int lane = 0; lane < HALF; lane += LANES) {
            twoPanels(matrix.segment(), matrix.panelOffset(panel) + 4L * lane,
                    matrix.panelOffset(panel + 1) + 4L * lane, matrix.columns(), x, rowOffset, tile, lane);
        }
    }

    private static void twoPanels(MemorySegment w, long first, long second, int columns, float[] x, int row,
            float[] tile, int lane) {
        FloatVector a0 = FloatVector.zero(F), b0 = a0, a1 = a0, b1 = a0;
        for (int k = 0; k < columns; k++) {
            long at = (long) k << 6;
            FloatVector v = FloatVector.broadcast(F, x[row + k]);
            IntVector words = IntVector.fromMemorySegment(I, w, first + at, LE);
            a0 = low(words).fma(v, a0);
            b0 = high(words).fma(v, b0);
            words = IntVector.fromMemorySegment(I, w, second + at, LE);
            a1 = low(words).fma(v, a1);
            b1 = high(words).fma(v, b1);
        }
        store(a0, b0, tile, 0, lane);
        store(a1, b1, tile, 1, lane);
    }

    private static void fourRows(
            MemorySegment w, long base, int columns, float[] x, int[] rows, int r, float[] tile, int lane) {
        int r0 = rows[r];
        int r1 = rows[r + 1];
        int r2 = rows[r + 2];
        int r3 = rows[r + 3];
        FloatVector a0 = FloatVector.zero(F), a1 = a0, a2 = a0, a3 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (int k = 0; k < columns; k++) {
            IntVector words = IntVector.fromMemorySegment(I, w, base + ((long) k << 6), LE);
            FloatVector low = low(words);
            FloatVector high = high(words);
            FloatVector v = FloatVector.broadcast(F, x[r0 + k]);
            a0 = low.fma(v, a0);
            b0 = high.fma(v, b0);
            v = FloatVector.broadcast(F, x[r1 + k]);
            a1 = low.fma(v, a1);
            b1 = high.fma(v, b1);
            v = FloatVector.broadcast(F, x[r2 + k]);
            a2 = low.fma(v, a2);
            b2 = high.fma(v, b2);
            v = FloatVector.broadcast(F, x[r3 + k]);
            a3 = low.fma(v, a3);
            b3 = high.fma(v, b3);
        }
        store(a0, b0, tile, r, lane);
        store(a1, b1, tile, r + 1, lane);
        store(a2, b2, tile, r + 2, lane);
        store(a3, b3, tile, r + 3, lane);
    }

    private static void eightRows(MemorySegment w, long base, int columns, float[] x, int[] rows, float[] tile) {
        int r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3];
        int r4 = rows[4], r5 = rows[5], r6 = rows[6], r7 = rows[7];
        FloatVector a0 = FloatVector.zero(F), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0;
        for (int k = 0; k < columns; k++) {
            IntVector words = IntVector.fromMemorySegment(I, w, base + ((long) k << 6), LE);
            FloatVector low = low(words);
            FloatVector high = high(words);
            FloatVector v = FloatVector.broadcast(F, x[r0 + k]);
            a0 = low.fma(v, a0);
            b0 = high.fma(v, b0);
            v = FloatVector.broadcast(F, x[r1 + k]);
            a1 = low.fma(v, a1);
            b1 = high.fma(v, b1);
            v = FloatVector.broadcast(F, x[r2 + k]);
            a2 = low.fma(v, a2);
            b2 = high.fma(v, b2);
            v = FloatVector.broadcast(F, x[r3 + k]);
            a3 = low.fma(v, a3);
            b3 = high.fma(v, b3);
            v = FloatVector.broadcast(F, x[r4 + k]);
            a4 = low.fma(v, a4);
            b4 = high.fma(v, b4);
            v = FloatVector.broadcast(F, x[r5 + k]);
            a5 = low.fma(v, a5);
            b5 = high.fma(v, b5);
            v = FloatVector.broadcast(F, x[r6 + k]);
            a6 = low.fma(v, a6);
            b6 = high.fma(v, b6);
            v = FloatVector.broadcast(F, x[r7 + k]);
            a7 = low.fma(v, a7);
            b7 = high.fma(v, b7);
        }
        store(a0, b0, tile, 0, 0);
        store(a1, b1, tile, 1, 0);
        store(a2, b2, tile, 2, 0);
        store(a3, b3, tile, 3, 0);
        store(a4, b4, tile, 4, 0);
        store(a5, b5, tile, 5, 0);
        store(a6, b6, tile, 6, 0);
        store(a7, b7, tile, 7, 0);
    }

    private static void fourRowsFloat32(
            MemorySegment w, long base, int columns, float[] x, int[] rows, int r, float[] tile, int lane) {
        int r0 = rows[r];
        int r1 = rows[r + 1];
        int r2 = rows[r + 2];
        int r3 = rows[r + 3];
        FloatVector a0 = FloatVector.zero(F), a1 = a0, a2 = a0, a3 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (int k = 0; k < columns; k++) {
            long at = base + ((long) k << 7);
            FloatVector low = FloatVector.fromMemorySegment(F, w, at, LE);
            FloatVector high = FloatVector.fromMemorySegment(F, w, at + 4L * HALF, LE);
            FloatVector v = FloatVector.broadcast(F, x[r0 + k]);
            a0 = low.fma(v, a0);
            b0 = high.fma(v, b0);
            v = FloatVector.broadcast(F, x[r1 + k]);
            a1 = low.fma(v, a1);
            b1 = high.fma(v, b1);
            v = FloatVector.broadcast(F, x[r2 + k]);
            a2 = low.fma(v, a2);
            b2 = high.fma(v, b2);
            v = FloatVector.broadcast(F, x[r3 + k]);
            a3 = low.fma(v, a3);
            b3 = high.fma(v, b3);
        }
        store(a0, b0, tile, r, lane);
        store(a1, b1, tile, r + 1, lane);
        store(a2, b2, tile, r + 2, lane);
        store(a3, b3, tile, r + 3, lane);
    }

    private static FloatVector low(IntVector words) {
        return words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static FloatVector high(IntVector words) {
        return words.and(0xFFFF0000).reinterpretAsFloats();
    }

    private static void store(FloatVector low, FloatVector high, float[] tile, int row, int lane) {
        low.intoArray(tile, row * STRIDE + lane);
        high.intoArray(tile, row * STRIDE + HALF + lane);
    }
}
