package io.penstock.runtime.cpu;

import io.penstock.runtime.model.Weight;

/** One packed matrix for each expert of a layer. */
record PackedExperts(PackedMatrix[] experts) implements Weight {
    @Override
    public int rows() {
        return experts[0].rows();
    }

    @Override
    public int columns() {
        return experts[0].columns();
    }

    @Override
    public long sizeBytes() {
        long bytes = 0;
        for (PackedMatrix expert : experts) {
            bytes += expert.sizeBytes();
        }
        return bytes;
    }
}
