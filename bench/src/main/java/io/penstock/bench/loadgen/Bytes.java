package io.penstock.bench.loadgen;

import java.util.Arrays;

/** Bytes that grow at the end. */
public final class Bytes {
    private byte[] bytes = new byte[64];
    private int size;

    /** Appends one. */
    public void add(byte value) {
        reserve(1);
        bytes[size++] = value;
    }

    /** Appends a part of an array. */
    public void add(byte[] from, int start, int end) {
        reserve(end - start);
        System.arraycopy(from, start, bytes, size, end - start);
        size += end - start;
    }

    private void reserve(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
        }
    }

    public int size() {
        return size;
    }

    public byte[] toArray() {
        return Arrays.copyOf(bytes, size);
    }
}
