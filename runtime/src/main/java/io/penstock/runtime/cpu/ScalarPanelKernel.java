package io.penstock.runtime.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The definition of {@link PanelKernel}, without the Vector API. */
final class ScalarPanelKernel extends PanelKernel {
    @Override
    void multiply(PackedMatrix matrix, int panel, float[] x, int[] rowOffsets, int first, int numRows, float[] tile) {
        for (int r = 0; r < numRows; r++) {
            row(matrix, panel, x, rowOffsets[first + r], 1, tile, r * PackedMatrix.PANEL_ROWS);
        }
    }

    @Override
    void pack(float[] x, int[] rowOffsets, int first, int columns, float[] packed, int to) {
        for (int r = 0; r < MAX_ROWS; r++) {
            for (int k = 0; k < columns; k++) {
                packed[to + k * MAX_ROWS + r] = x[rowOffsets[first + r] + k];
            }
        }
    }

    @Override
    void multiplyPacked(PackedMatrix matrix, int panel, float[] packed, int from, float[] out, int[] rowStarts,
            int first, int column) {
        for (int r = 0; r < MAX_ROWS; r++) {
            row(matrix, panel, packed, from + r, MAX_ROWS, out, rowStarts[first + r] + column);
        }
    }

    @Override
    void multiplyTwoPanels(PackedMatrix matrix, int panel, float[] x, int rowOffset, float[] tile) {
        row(matrix, panel, x, rowOffset, 1, tile, 0);
        row(matrix, panel + 1, x, rowOffset, 1, tile, PackedMatrix.PANEL_ROWS);
    }

    private static void row(PackedMatrix matrix, int panel, float[] x, int xFrom, int xStep, float[] tile, int from) {
        Arrays.fill(tile, from, from + PackedMatrix.PANEL_ROWS, 0);
        MemorySegment w = matrix.segment();
        long base = matrix.panelOffset(panel);
        for (int k = 0; k < matrix.columns(); k++) {
            if (matrix.isFloat32()) {
                float32(w, base + ((long) k << 7), x[xFrom + k * xStep], tile, from);
            } else {
                bfloat16(w, base + ((long) k << 6), x[xFrom + k * xStep], tile, from);
            }
        }
    }

    private static void bfloat16(MemorySegment w, long at, float value, float[] tile, int from) {
        for (int j = 0; j < PackedMatrix.HALF; j++) {
            int word = w.get(ValueLayout.JAVA_INT, at + 4L * j);
            float low = Float.intBitsToFloat(word << 16);
            float high = Float.intBitsToFloat(word & 0xFFFF0000);
            tile[from + j] = Math.fma(low, value, tile[from + j]);
            tile[from + PackedMatrix.HALF + j] = Math.fma(high, value, tile[from + PackedMatrix.HALF + j]);
        }
    }

    private static void float32(MemorySegment w, long at, float value, float[] tile, int from) {
        for (int j = 0; j < PackedMatrix.PANEL_ROWS; j++) {
            tile[from + j] = Math.fma(w.get(ValueLayout.JAVA_FLOAT, at + 4L * j), value, tile[from + j]);
        }
    }
}
