package io.penstock.scheduler.memory;

import java.util.Arrays;

/** Indices in the order of their last use, oldest first, as a doubly linked list in arrays. */
final class Links {
    private static final int NONE = -1;
    private static final int ABSENT = -2;

    private final int[] next;
    private final int[] previous;
    private int oldest = NONE;
    private int newest = NONE;
    private int size;

    Links(int capacity) {
        next = new int[capacity];
        previous = new int[capacity];
        Arrays.fill(next, ABSENT);
    }

    int size() {
        return size;
    }

    boolean contains(int index) {
        return next[index] != ABSENT;
    }

    /** The one that was used least recently, or -1. */
    int oldest() {
        return oldest;
    }

    /** The one used after {@code index}, or -1. */
    int after(int index) {
        return next[index];
    }

    void add(int index) {
        if (contains(index)) {
            throw new IllegalStateException("index " + index + " is listed already");
        }
        next[index] = NONE;
        previous[index] = newest;
        if (newest == NONE) {
            oldest = index;
        } else {
            next[newest] = index;
        }
        newest = index;
        size++;
    }

    void remove(int index) {
        if (!contains(index)) {
            throw new IllegalStateException("index " + index + " is not listed");
        }
        if (previous[index] == NONE) {
            oldest = next[index];
        } else {
            next[previous[index]] = next[index];
        }
        if (next[index] == NONE) {
            newest = previous[index];
        } else {
            previous[next[index]] = previous[index];
        }
        next[index] = ABSENT;
        size--;
    }
}
