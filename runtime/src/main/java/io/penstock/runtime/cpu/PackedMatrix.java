package io.penstock.runtime.cpu;

import io.penstock.runtime.checkpoint.DType;
import io.penstock.runtime.checkpoint.TensorData;
import io.penstock.runtime.model.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A weight matrix [rows, columns] in panels of 32 rows, so that one row of a product needs no sum across vector lanes.
 *
 * <pre>
 *   panel p, column k:   16 words of 32 bits          (bfloat16)
 *     word j = low half:  row 32 p + j   | high half: row 32 p + 16 + j
 *   panel p, column k:   32 floats                    (float32)
 * </pre>
 *
 * The last panel is filled up with zero rows. A gate-up matrix pairs the halves: the low half of panel {@code p} holds
 * the gate rows {@code 16 p + j}, the high half the up rows with the same index.
 */
final class PackedMatrix implements Weight {
    /** Rows of a panel. */
    static final int PANEL_ROWS = 32;

    static final int HALF = PANEL_ROWS / 2;

    private static final long ALIGNMENT_BYTES = 64;

    private final MemorySegment segment;
    private final int rows;
    private final int columns;
    private final boolean isFloat32;
    private final boolean isGateUp;

    private PackedMatrix(MemorySegment segment, int rows, int columns, boolean isFloat32, boolean isGateUp) {
        this.segment = segment;
        this.rows = rows;
        this.columns = columns;
        this.isFloat32 = isFloat32;
        this.isGateUp = isGateUp;
    }

    /** The rows of the parts, one after the other; all have the same number of columns. */
    static PackedMatrix of(Arena arena, TensorData... parts) {
        int rows = 0;
        for (TensorData part : parts) {
            rows += rowsOf(part);
        }
        PackedMatrix matrix = allocate(arena, rows, parts, false);
        int row = 0;
        for (TensorData part : parts) {
            matrix.fill(part, row, PANEL_ROWS);
            row += rowsOf(part);
        }
        return matrix;
    }

    /** Gate rows in the low halves of the panels, up rows in the high halves. */
    static PackedMatrix gateUp(Arena arena, TensorData gate, TensorData up) {
        PackedMatrix matrix = allocate(arena, 2 * rowsOf(gate), new TensorData[] {gate, up}, true);
        matrix.fill(gate, 0, HALF);
        matrix.fill(up, HALF, HALF);
        return matrix;
    }

    private static PackedMatrix allocate(Arena arena, int rows, TensorData[] parts, boolean isGateUp) {
        int columns = Math.toIntExact(parts[0].numElements() / rowsOf(parts[0]));
        boolean isFloat32 = false;
        for (TensorData part : parts) {
            isFloat32 |= part.dtype() != DType.BF16;
        }
        int rowBytes = isFloat32 ? 4 : 2;
        long numPanels = isGateUp ? panels(rows / 2, HALF) : panels(rows, PANEL_ROWS);
        MemorySegment segment = arena.allocate(numPanels * PANEL_ROWS * columns * rowBytes, ALIGNMENT_BYTES);
        return new PackedMatrix(segment, rows, columns, isFloat32, isGateUp);
    }

    private static int rowsOf(TensorData tensor) {
        return Math.toIntExact(tensor.shape()[0]);
    }

    private static long panels(int rows, int panelRows) {
        return (rows + panelRows - 1) / panelRows;
    }

    /**
     * Writes a part's rows.
     *
     * @param firstRow panel position of the part's first row: row within the matrix, or half for a gate-up matrix
     * @param groupRows rows of the part that follow each other in a panel
     */
    private void fill(TensorData part, int firstRow, int groupRows) {
        short[] bits = isFloat32 ? null : new short[columns];
        float[] values = isFloat32 ? new float[columns] : null;
        int numRows = rowsOf(part);
        for (int r = 0; r < numRows; r++) {
            int at = isGateUp ? r / HALF * PANEL_ROWS + firstRow + r % HALF : firstRow + r;
            long panel = panelOffset(at / groupRows * groupRows / PANEL_ROWS);
            int inPanel = at % PANEL_ROWS;
            if (isFloat32) {
                part.readFloats((long) r * columns, values, 0, columns);
                for (int k = 0; k < columns; k++) {
                    segment.set(ValueLayout.JAVA_FLOAT, panel + 4L * ((long) k * PANEL_ROWS + inPanel), values[k]);
                }
            } else {
                part.readBf16((long) r * columns, bits, 0, columns);
                long first = panel + 4L * (inPanel % HALF) + 2L * (inPanel / HALF);
                for (int k = 0; k < columns; k++) {
                    segment.set(ValueLayout.JAVA_SHORT, first + 4L * HALF * k, bits[k]);
                }
            }
        }
    }

    /** Where a panel starts, in bytes. */
    long panelOffset(int panel) {
        return (long) panel * PANEL_ROWS * columns * (isFloat32 ? 4 : 2);
    }

    int numPanels() {
        return (int) (isGateUp ? panels(rows / 2, HALF) : panels(rows, PANEL_ROWS));
    }

    /** Copies a row (of a matrix that is not gate-up) as float32 values. */
    void copyRow(int row, float[] into, int offset) {
        long panel = panelOffset(row / PANEL_ROWS);
        int inPanel = row % PANEL_ROWS;
        if (isFloat32) {
            for (int k = 0; k < columns; k++) {
                into[offset + k] =
                        segment.get(ValueLayout.JAVA_FLOAT, panel + 4L * ((long) k * PANEL_ROWS + inPanel));
            }
        } else {
            long first = panel + 4L * (inPanel % HALF) + 2L * (inPanel / HALF);
            for (int k = 0; k < columns; k++) {
                into[offset + k] =
                        Float.intBitsToFloat(segment.get(ValueLayout.JAVA_SHORT, first + 4L * HALF * k) << 16);
            }
        }
    }

    MemorySegment segment() {
        return segment;
    }

    boolean isFloat32() {
        return isFloat32;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public long sizeBytes() {
        return segment.byteSize();
    }
}
