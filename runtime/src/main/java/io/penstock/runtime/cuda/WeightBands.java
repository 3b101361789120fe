package io.penstock.runtime.cuda;

import io.penstock.kernels.WeightFormat;
import io.penstock.kernels.WeightTiles;
import io.penstock.runtime.checkpoint.TensorData;
import java.lang.foreign.MemorySegment;

/**
 * Matrices of the same number of rows, one below the other, as images of tiles: a row of this is a band of 64 rows of a
 * matrix. The last bands of a matrix may be zeros.
 */
record WeightBands(WeightRows rows, int matrixRows) implements WeightRows {
    private int k() {
        return rows.rowBytes() / Short.BYTES;
    }

    @Override
    public int numRows() {
        return rows.numRows() / matrixRows * WeightTiles.rowTiles(matrixRows);
    }

    @Override
    public int rowBytes() {
        return Math.toIntExact(WeightFormat.TILES.matrixBytes(matrixRows, k()) / WeightTiles.rowTiles(matrixRows));
    }

    @Override
    public void read(int firstRow, int numRows, MemorySegment into, long offsetBytes) {
        MemorySegment inOrder = MemorySegment.ofArray(new byte[WeightTiles.SIDE * rows.rowBytes()]);
        for (int band = 0; band < numRows; band++) {
            int matrix = (firstRow + band) / WeightTiles.rowTiles(matrixRows);
            int first = (firstRow + band) % WeightTiles.rowTiles(matrixRows) * WeightTiles.SIDE;
            int there = Math.clamp(matrixRows - first, 0, WeightTiles.SIDE);
            if (there > 0) {
                rows.read(matrix * matrixRows + first, there, inOrder, 0);
            }
            WeightTiles.writeBand(inOrder, there, k(), into, offsetBytes + (long) band * rowBytes());
        }
    }

    @Override
    public TensorData converted() {
        return rows.converted();
    }
}
