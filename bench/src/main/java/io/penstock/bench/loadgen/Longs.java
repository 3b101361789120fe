package io.penstock.bench.loadgen;

import java.util.Arrays;

/** Times that grow at the end. */
final class Longs {
    private long[] values = new long[32];
    private int size;

    void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    long[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
