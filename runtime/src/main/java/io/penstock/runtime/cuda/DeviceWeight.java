package io.penstock.runtime.cuda;

import io.penstock.runtime.model.Weight;

/**
 * A bfloat16 weight on a device, row-major as in the checkpoint, but: convolution taps are [taps, hidden], and the rows
 * of a gate-up matrix are eight of gate and eight of up in turn. Owns no memory.
 *
 * @param address a multiple of 16
 */
record DeviceWeight(long address, int rows, int columns) implements Weight {
    @Override
    public long sizeBytes() {
        return (long) Short.BYTES * rows * columns;
    }
}
