package io.penstock.runtime.cuda;

import io.penstock.runtime.model.Weight;

/**
 * A weight on a device, row-major as in the checkpoint, but: convolution taps are [taps, hidden], the rows of a gate-up
 * matrix are eight of gate and eight of up in turn, those of an input projection 16 of B, of C and of x, and experts
 * lie one below the other. Rows of zeros make the number of a matrix' rows a multiple of 8. Owns no memory.
 *
 * @param address a multiple of 16
 * @param elementBytes two for bfloat16, four for float32
 */
record DeviceWeight(long address, int rows, int columns, int elementBytes) implements Weight {
    /** In bfloat16. */
    DeviceWeight(long address, int rows, int columns) {
        this(address, rows, columns, Short.BYTES);
    }

    @Override
    public long sizeBytes() {
        return (long) elementBytes * rows * columns;
    }
}
