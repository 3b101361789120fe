package io.penstock.runtime.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The definition of {@link PanelKernel}, without the Vector API. */
final class ScalarPanelKernel extends PanelKernel {
    @Override
    void multiply(PackedMatrix matrix, int panel, float[] x, int[] rowOffsets, int numRows, float[] tile) {
        int columns = matrix.columns();
        long base = matrix.panelOffset(panel);
        MemorySegment w = matrix.segment();
        for (int r = 0; r < numRows; r++) {
            int from = r * PackedMatrix.PANEL_ROWS;
            Arrays.fill(tile, from, from + PackedMatrix.PANEL_ROWS, 0);
            if (matrix.isFloat32()) {
                float32(w, base, columns, x, rowOffsets[r], tile, from);
            } else {
                bfloat16(w, base, columns, x, rowOffsets[r], tile, from);
            }
        }
    }

    @Override
    void multiplyTwoPanels(PackedMatrix matrix, int panel, float[] x, int rowOffset, float[] tile) {
        Arrays.fill(tile, 0, 2 * PackedMatrix.PANEL_ROWS, 0);
        bfloat16(matrix.segment(), matrix.panelOffset(panel), matrix.columns(), x, rowOffset, tile, 0);
        bfloat16(matrix.segment(), matrix.panelOffset(panel + 1), matrix.columns(), x, rowOffset, tile,
                PackedMatrix.PANEL_ROWS);
    }

    private static void bfloat16(
            MemorySegment w, long base, int columns, float[] x, int xFrom, float[] tile, int from) {
        for (int k = 0; k < columns; k++) {
            float value = x[xFrom + k];
            long at = base + ((long) k << 6);
            for (int j = 0; j < PackedMatrix.HALF; j++) {
                int word = w.get(ValueLayout.JAVA_INT, at + 4L * j);
                float low = Float.intBitsToFloat(word << 16);
                float high = Float.intBitsToFloat(word & 0xFFFF0000);
                tile[from + j] = Math.fma(low, value, tile[from + j]);
                tile[from + PackedMatrix.HALF + j] = Math.fma(high, value, tile[from + PackedMatrix.HALF + j]);
            }
        }
    }

    private static void float32(
            MemorySegment w, long base, int columns, float[] x, int xFrom, float[] tile, int from) {
        for (int k = 0; k < columns; k++) {
            float value = x[xFrom + k];
            long at = base + ((long) k << 7);
            for (int j = 0; j < PackedMatrix.PANEL_ROWS; j++) {
                tile[from + j] = Math.fma(w.get(ValueLayout.JAVA_FLOAT, at + 4L * j), value, tile[from + j]);
            }
        }
    }
}
