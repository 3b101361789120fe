package io.penstock.runtime.cuda;

import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.model.Weight;

/**
 * A weight on a device, its rows in the order of the checkpoint, but: convolution taps are [taps, hidden], the rows of
 * a gate-up matrix are eight of gate and eight of up in turn, those of an input projection 16 of B, of C and of x, and
 * experts lie one below the other. Rows of zeros make the number of a matrix' rows a multiple of 8. Owns no memory.
 *
 * @param address a multiple of 16
 * @param elementBytes two for bfloat16, four for float32
 * @param format how each matrix lies in memory
 * @param matrixRows rows of a matrix, of which there are several if they are experts'
 */
record DeviceWeight(long address, int rows, int columns, int elementBytes, WeightFormat format, int matrixRows)
        implements Weight {
    /** Row-major, in bfloat16. */
    DeviceWeight(long address, int rows, int columns) {
        this(address, rows, columns, Short.BYTES, WeightFormat.ROW_MAJOR, rows);
    }

    @Override
    public long sizeBytes() {
        return (long) elementBytes * rows * columns;
    }
}
