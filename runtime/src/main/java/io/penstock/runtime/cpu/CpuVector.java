package io.penstock.runtime.cpu;

import io.penstock.runtime.model.Weight;

/**
 * A small weight as float32: a norm, a bias, or convolution taps [taps, hidden].
 *
 * @param values row after row
 */
record CpuVector(float[] values, int rows, int columns) implements Weight {
    @Override
    public long sizeBytes() {
        return 4L * values.length;
    }
}
