package io.penstock.bench.loadgen;

import java.util.Arrays;

/** Numbers that grow at the end. */
public final class Ints {
    private int[] values = new int[32];
    private int size;

    /** Appends one. */
    public void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    public int size() {
        return size;
    }

    public int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
