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
 * local variables because only those stay in registers, and no method of ours takes or returns a vector: when the
 * compiler's budget for inlining is spent, which depends on what else is inlined, such a method's vectors are objects.
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

    private static final IntVector LOW_PAIRS = interleave(0);
    private static final IntVector HIGH_PAIRS = interleave(LANES / 2);

    /** Indices that take the lanes from {@code first} on of two vectors in turn. */
    private static IntVector interleave(int first) {
        int[] lanes = new int[LANES];
        for (int i = 0; i < LANES; i++) {
            lanes[i] = first + i / 2 + i % 2 * LANES;
        }
        return IntVector.fromArray(I, lanes, 0);
    }

    @Override
    void multiply(PackedMatrix matrix, int panel, float[] x, int[] rowOffsets, int first, int numRows, float[] tile) {
        long base = matrix.panelOffset(panel);
        int columns = matrix.columns();
        MemorySegment w = matrix.segment();
        for (int lane = 0; lane < HALF; lane += LANES) {
            if (numRows == 1 && !matrix.isFloat32()) {
                oneRow(w, base + 4L * lane, columns, x, rowOffsets[first], tile, lane);
                continue;
            }
            for (int r = 0; r < numRows; r += 4) {
                if (matrix.isFloat32()) {
                    fourRowsFloat32(w, base + 4L * lane, columns, x, rowOffsets, first + r, tile, r, lane);
                } else {
                    fourRows(w, base + 4L * lane, columns, x, rowOffsets, first + r, tile, r, lane);
                }
            }
        }
    }

    @Override
    void multiplyPacked(PackedMatrix matrix, int panel, float[] packed, int from, float[] out, int[] rowStarts,
            int first, int column) {
        long base = matrix.panelOffset(panel);
        int columns = matrix.columns();
        MemorySegment w = matrix.segment();
        if (EIGHT_ROWS) {
            if (matrix.isFloat32()) {
                eightPackedFloat32(w, base, columns, packed, from, out, rowStarts, first, column);
            } else {
                eightPacked(w, base, columns, packed, from, out, rowStarts, first, column);
            }
            return;
        }
        for (int lane = 0; lane < HALF; lane += LANES) {
            for (int r = 0; r < MAX_ROWS; r += 4) {
                if (matrix.isFloat32()) {
                    fourPackedFloat32(w, base + 4L * lane, columns, packed, from + r, out, rowStarts, first + r,
                            column + lane);
                } else {
                    fourPacked(w, base + 4L * lane, columns, packed, from + r, out, rowStarts, first + r,
                            column + lane);
                }
            }
        }
    }

    /** Three rounds of taking two vectors' lanes in turn: rows 4 apart first, then 2, then neighbours. */
    @Override
    void pack(float[] x, int[] rowOffsets, int first, int columns, float[] packed, int to) {
        int k = 0;
        if (EIGHT_ROWS) {
            k = columns & -LANES;
            for (int i = 0; i < k; i += LANES) {
                packLanes(x, rowOffsets, first, i, packed, to + i * MAX_ROWS);
            }
        }
        for (int r = 0; r < MAX_ROWS && k < columns; r++) {
            for (int i = k; i < columns; i++) {
                packed[to + i * MAX_ROWS + r] = x[rowOffsets[first + r] + i];
            }
        }
    }

    private static void packLanes(float[] x, int[] rowOffsets, int first, int k, float[] packed, int to) {
        IntVector x0 = FloatVector.fromArray(F, x, rowOffsets[first] + k).reinterpretAsInts();
        IntVector x1 = FloatVector.fromArray(F, x, rowOffsets[first + 1] + k).reinterpretAsInts();
        IntVector x2 = FloatVector.fromArray(F, x, rowOffsets[first + 2] + k).reinterpretAsInts();
        IntVector x3 = FloatVector.fromArray(F, x, rowOffsets[first + 3] + k).reinterpretAsInts();
        IntVector x4 = FloatVector.fromArray(F, x, rowOffsets[first + 4] + k).reinterpretAsInts();
        IntVector x5 = FloatVector.fromArray(F, x, rowOffsets[first + 5] + k).reinterpretAsInts();
        IntVector x6 = FloatVector.fromArray(F, x, rowOffsets[first + 6] + k).reinterpretAsInts();
        IntVector x7 = FloatVector.fromArray(F, x, rowOffsets[first + 7] + k).reinterpretAsInts();
        IntVector x04 = LOW_PAIRS.selectFrom(x0, x4), x26 = LOW_PAIRS.selectFrom(x2, x6);
        IntVector x15 = LOW_PAIRS.selectFrom(x1, x5), x37 = LOW_PAIRS.selectFrom(x3, x7);
        IntVector even = LOW_PAIRS.selectFrom(x04, x26), odd = LOW_PAIRS.selectFrom(x15, x37);
        LOW_PAIRS.selectFrom(even, odd).reinterpretAsFloats().intoArray(packed, to);
        HIGH_PAIRS.selectFrom(even, odd).reinterpretAsFloats().intoArray(packed, to + LANES);
        even = HIGH_PAIRS.selectFrom(x04, x26);
        odd = HIGH_PAIRS.selectFrom(x15, x37);
        LOW_PAIRS.selectFrom(even, odd).reinterpretAsFloats().intoArray(packed, to + 2 * LANES);
        HIGH_PAIRS.selectFrom(even, odd).reinterpretAsFloats().intoArray(packed, to + 3 * LANES);
        x04 = HIGH_PAIRS.selectFrom(x0, x4);
        x26 = HIGH_PAIRS.selectFrom(x2, x6);
        x15 = HIGH_PAIRS.selectFrom(x1, x5);
        x37 = HIGH_PAIRS.selectFrom(x3, x7);
        even = LOW_PAIRS.selectFrom(x04, x26);
        odd = LOW_PAIRS.selectFrom(x15, x37);
        LOW_PAIRS.selectFrom(even, odd).reinterpretAsFloats().intoArray(packed, to + 4 * LANES);
        HIGH_PAIRS.selectFrom(even, odd).reinterpretAsFloats().intoArray(packed, to + 5 * LANES);
        even = HIGH_PAIRS.selectFrom(x04, x26);
        odd = HIGH_PAIRS.selectFrom(x15, x37);
        LOW_PAIRS.selectFrom(even, odd).reinterpretAsFloats().intoArray(packed, to + 6 * LANES);
        HIGH_PAIRS.selectFrom(even, odd).reinterpretAsFloats().intoArray(packed, to + 7 * LANES);
    }

    private static void oneRow(
            MemorySegment w, long base, int columns, float[] x, int row, float[] tile, int lane) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = FloatVector.zero(F);
        for (int k = 0; k < columns; k++) {
            IntVector words = IntVector.fromMemorySegment(I, w, base + ((long) k << 6), LE);
            FloatVector v = FloatVector.broadcast(F, x[row + k]);
            a = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a);
            b = words.and(0xFFFF0000).reinterpretAsFloats().fma(v, b);
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
            a0 = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a0);
            b0 = words.and(0xFFFF0000).reinterpretAsFloats().fma(v, b0);
            words = IntVector.fromMemorySegment(I, w, second + at, LE);
            a1 = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a1);
            b1 = words.and(0xFFFF0000).reinterpretAsFloats().fma(v, b1);
        }
        a0.intoArray(tile, lane);
        b0.intoArray(tile, lane + HALF);
        a1.intoArray(tile, STRIDE + lane);
        b1.intoArray(tile, STRIDE + lane + HALF);
    }

    private static void fourRows(
            MemorySegment w, long base, int columns, float[] x, int[] rows, int first, float[] tile, int r, int lane) {
        int r0 = rows[first];
        int r1 = rows[first + 1];
        int r2 = rows[first + 2];
        int r3 = rows[first + 3];
        FloatVector a0 = FloatVector.zero(F), a1 = a0, a2 = a0, a3 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (int k = 0; k < columns; k++) {
            IntVector words = IntVector.fromMemorySegment(I, w, base + ((long) k << 6), LE);
            FloatVector low = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector high = words.and(0xFFFF0000).reinterpretAsFloats();
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
        a0.intoArray(tile, r * STRIDE + lane);
        b0.intoArray(tile, r * STRIDE + lane + HALF);
        a1.intoArray(tile, (r + 1) * STRIDE + lane);
        b1.intoArray(tile, (r + 1) * STRIDE + lane + HALF);
        a2.intoArray(tile, (r + 2) * STRIDE + lane);
        b2.intoArray(tile, (r + 2) * STRIDE + lane + HALF);
        a3.intoArray(tile, (r + 3) * STRIDE + lane);
        b3.intoArray(tile, (r + 3) * STRIDE + lane + HALF);
    }

    private static void eightPacked(
            MemorySegment w, long base, int columns, float[] packed, int from, float[] out,
            int[] rowStarts, int first, int column) {
        FloatVector a0 = FloatVector.zero(F), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0;
        for (int k = 0; k < columns; k++) {
            IntVector words = IntVector.fromMemorySegment(I, w, base + ((long) k << 6), LE);
            FloatVector low = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector high = words.and(0xFFFF0000).reinterpretAsFloats();
            int x = from + k * MAX_ROWS;
            FloatVector v = FloatVector.broadcast(F, packed[x]);
            a0 = low.fma(v, a0);
            b0 = high.fma(v, b0);
            v = FloatVector.broadcast(F, packed[x + 1]);
            a1 = low.fma(v, a1);
            b1 = high.fma(v, b1);
            v = FloatVector.broadcast(F, packed[x + 2]);
            a2 = low.fma(v, a2);
            b2 = high.fma(v, b2);
            v = FloatVector.broadcast(F, packed[x + 3]);
            a3 = low.fma(v, a3);
            b3 = high.fma(v, b3);
            v = FloatVector.broadcast(F, packed[x + 4]);
            a4 = low.fma(v, a4);
            b4 = high.fma(v, b4);
            v = FloatVector.broadcast(F, packed[x + 5]);
            a5 = low.fma(v, a5);
            b5 = high.fma(v, b5);
            v = FloatVector.broadcast(F, packed[x + 6]);
            a6 = low.fma(v, a6);
            b6 = high.fma(v, b6);
            v = FloatVector.broadcast(F, packed[x + 7]);
            a7 = low.fma(v, a7);
            b7 = high.fma(v, b7);
        }
        a0.intoArray(out, rowStarts[first] + column);
        b0.intoArray(out, rowStarts[first] + column + HALF);
        a1.intoArray(out, rowStarts[first + 1] + column);
        b1.intoArray(out, rowStarts[first + 1] + column + HALF);
        a2.intoArray(out, rowStarts[first + 2] + column);
        b2.intoArray(out, rowStarts[first + 2] + column + HALF);
        a3.intoArray(out, rowStarts[first + 3] + column);
        b3.intoArray(out, rowStarts[first + 3] + column + HALF);
        a4.intoArray(out, rowStarts[first + 4] + column);
        b4.intoArray(out, rowStarts[first + 4] + column + HALF);
        a5.intoArray(out, rowStarts[first + 5] + column);
        b5.intoArray(out, rowStarts[first + 5] + column + HALF);
        a6.intoArray(out, rowStarts[first + 6] + column);
        b6.intoArray(out, rowStarts[first + 6] + column + HALF);
        a7.intoArray(out, rowStarts[first + 7] + column);
        b7.intoArray(out, rowStarts[first + 7] + column + HALF);
    }

    private static void eightPackedFloat32(
            MemorySegment w, long base, int columns, float[] packed, int from, float[] out,
            int[] rowStarts, int first, int column) {
        FloatVector a0 = FloatVector.zero(F), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0;
        for (int k = 0; k < columns; k++) {
            long at = base + ((long) k << 7);
            FloatVector low = FloatVector.fromMemorySegment(F, w, at, LE);
            FloatVector high = FloatVector.fromMemorySegment(F, w, at + 4L * HALF, LE);
            int x = from + k * MAX_ROWS;
            FloatVector v = FloatVector.broadcast(F, packed[x]);
            a0 = low.fma(v, a0);
            b0 = high.fma(v, b0);
            v = FloatVector.broadcast(F, packed[x + 1]);
            a1 = low.fma(v, a1);
            b1 = high.fma(v, b1);
            v = FloatVector.broadcast(F, packed[x + 2]);
            a2 = low.fma(v, a2);
            b2 = high.fma(v, b2);
            v = FloatVector.broadcast(F, packed[x + 3]);
            a3 = low.fma(v, a3);
            b3 = high.fma(v, b3);
            v = FloatVector.broadcast(F, packed[x + 4]);
            a4 = low.fma(v, a4);
            b4 = high.fma(v, b4);
            v = FloatVector.broadcast(F, packed[x + 5]);
            a5 = low.fma(v, a5);
            b5 = high.fma(v, b5);
            v = FloatVector.broadcast(F, packed[x + 6]);
            a6 = low.fma(v, a6);
            b6 = high.fma(v, b6);
            v = FloatVector.broadcast(F, packed[x + 7]);
            a7 = low.fma(v, a7);
            b7 = high.fma(v, b7);
        }
        a0.intoArray(out, rowStarts[first] + column);
        b0.intoArray(out, rowStarts[first] + column + HALF);
        a1.intoArray(out, rowStarts[first + 1] + column);
        b1.intoArray(out, rowStarts[first + 1] + column + HALF);
        a2.intoArray(out, rowStarts[first + 2] + column);
        b2.intoArray(out, rowStarts[first + 2] + column + HALF);
        a3.intoArray(out, rowStarts[first + 3] + column);
        b3.intoArray(out, rowStarts[first + 3] + column + HALF);
        a4.intoArray(out, rowStarts[first + 4] + column);
        b4.intoArray(out, rowStarts[first + 4] + column + HALF);
        a5.intoArray(out, rowStarts[first + 5] + column);
        b5.intoArray(out, rowStarts[first + 5] + column + HALF);
        a6.intoArray(out, rowStarts[first + 6] + column);
        b6.intoArray(out, rowStarts[first + 6] + column + HALF);
        a7.intoArray(out, rowStarts[first + 7] + column);
        b7.intoArray(out, rowStarts[first + 7] + column + HALF);
    }

    private static void fourPacked(
            MemorySegment w, long base, int columns, float[] packed, int from, float[] out,
            int[] rowStarts, int first, int column) {
        FloatVector a0 = FloatVector.zero(F), a1 = a0, a2 = a0, a3 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (int k = 0; k < columns; k++) {
            IntVector words = IntVector.fromMemorySegment(I, w, base + ((long) k << 6), LE);
            FloatVector low = words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector high = words.and(0xFFFF0000).reinterpretAsFloats();
            int x = from + k * MAX_ROWS;
            FloatVector v = FloatVector.broadcast(F, packed[x]);
            a0 = low.fma(v, a0);
            b0 = high.fma(v, b0);
            v = FloatVector.broadcast(F, packed[x + 1]);
            a1 = low.fma(v, a1);
            b1 = high.fma(v, b1);
            v = FloatVector.broadcast(F, packed[x + 2]);
            a2 = low.fma(v, a2);
            b2 = high.fma(v, b2);
            v = FloatVector.broadcast(F, packed[x + 3]);
            a3 = low.fma(v, a3);
            b3 = high.fma(v, b3);
        }
        a0.intoArray(out, rowStarts[first] + column);
        b0.intoArray(out, rowStarts[first] + column + HALF);
        a1.intoArray(out, rowStarts[first + 1] + column);
        b1.intoArray(out, rowStarts[first + 1] + column + HALF);
        a2.intoArray(out, rowStarts[first + 2] + column);
        b2.intoArray(out, rowStarts[first + 2] + column + HALF);
        a3.intoArray(out, rowStarts[first + 3] + column);
        b3.intoArray(out, rowStarts[first + 3] + column + HALF);
    }

    private static void fourPackedFloat32(
            MemorySegment w, long base, int columns, float[] packed, int from, float[] out,
            int[] rowStarts, int first, int column) {
        FloatVector a0 = FloatVector.zero(F), a1 = a0, a2 = a0, a3 = a0;
        FloatVector b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (int k = 0; k < columns; k++) {
            long at = base + ((long) k << 7);
            FloatVector low = FloatVector.fromMemorySegment(F, w, at, LE);
            FloatVector high = FloatVector.fromMemorySegment(F, w, at + 4L * HALF, LE);
            int x = from + k * MAX_ROWS;
            FloatVector v = FloatVector.broadcast(F, packed[x]);
            a0 = low.fma(v, a0);
            b0 = high.fma(v, b0);
            v = FloatVector.broadcast(F, packed[x + 1]);
            a1 = low.fma(v, a1);
            b1 = high.fma(v, b1);
            v = FloatVector.broadcast(F, packed[x + 2]);
            a2 = low.fma(v, a2);
            b2 = high.fma(v, b2);
            v = FloatVector.broadcast(F, packed[x + 3]);
            a3 = low.fma(v, a3);
            b3 = high.fma(v, b3);
        }
        a0.intoArray(out, rowStarts[first] + column);
        b0.intoArray(out, rowStarts[first] + column + HALF);
        a1.intoArray(out, rowStarts[first + 1] + column);
        b1.intoArray(out, rowStarts[first + 1] + column + HALF);
        a2.intoArray(out, rowStarts[first + 2] + column);
        b2.intoArray(out, rowStarts[first + 2] + column + HALF);
        a3.intoArray(out, rowStarts[first + 3] + column);
        b3.intoArray(out, rowStarts[first + 3] + column + HALF);
    }

    private static void fourRowsFloat32(
            MemorySegment w, long base, int columns, float[] x, int[] rows, int first, float[] tile, int r, int lane) {
        int r0 = rows[first];
        int r1 = rows[first + 1];
        int r2 = rows[first + 2];
        int r3 = rows[first + 3];
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
        a0.intoArray(tile, r * STRIDE + lane);
        b0.intoArray(tile, r * STRIDE + lane + HALF);
        a1.intoArray(tile, (r + 1) * STRIDE + lane);
        b1.intoArray(tile, (r + 1) * STRIDE + lane + HALF);
        a2.intoArray(tile, (r + 2) * STRIDE + lane);
        b2.intoArray(tile, (r + 2) * STRIDE + lane + HALF);
        a3.intoArray(tile, (r + 3) * STRIDE + lane);
        b3.intoArray(tile, (r + 3) * STRIDE + lane + HALF);
    }
}
