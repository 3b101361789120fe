package io.penstock.runtime.text;

import java.util.Arrays;

/** Open-addressing map from non-negative longs to non-negative longs; written while loading, then only read. */
final class LongLongMap {
    static final long ABSENT = -1;

    private long[] keys;
    private long[] values;
    private int size;

    LongLongMap(int expected) {
        int capacity = Integer.highestOneBit(Math.max(8, expected)) << 2;
        keys = new long[capacity];
        values = new long[capacity];
        Arrays.fill(keys, ABSENT);
    }

    long get(long key) {
        int mask = keys.length - 1;
        for (int slot = slot(key, mask); ; slot = slot + 1 & mask) {
            long found = keys[slot];
            if (found == key) {
                return values[slot];
            }
            if (found == ABSENT) {
                return ABSENT;
            }
        }
    }

    /** The last value put for a key stays. */
    void put(long key, long value) {
        assert key >= 0 && value >= 0 : key + " -> " + value;
        if (size * 2 >= keys.length) {
            grow();
        }
        int mask = keys.length - 1;
        int slot = slot(key, mask);
        while (keys[slot] != ABSENT && keys[slot] != key) {
            slot = slot + 1 & mask;
        }
        if (keys[slot] == ABSENT) {
            keys[slot] = key;
            size++;
        }
        values[slot] = value;
    }

    private void grow() {
        long[] oldKeys = keys;
        long[] oldValues = values;
        keys = new long[oldKeys.length * 2];
        values = new long[oldKeys.length * 2];
        Arrays.fill(keys, ABSENT);
        size = 0;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != ABSENT) {
                put(oldKeys[i], oldValues[i]);
            }
        }
    }

    private static int slot(long key, int mask) {
        long mixed = key * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & mask;
    }
}
