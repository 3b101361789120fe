package io.penstock.scheduler.memory;

/** Indices 0 to {@code size - 1}, each free or taken by one owner; a stack, so that the warmest is taken first. */
public final class IndexPool {
    private final String name;
    private final int[] free;
    private final boolean[] isTaken;
    private int numFree;

    /** @param name what an index stands for, in messages */
    public IndexPool(String name, int size) {
        this.name = name;
        free = new int[size];
        isTaken = new boolean[size];
        numFree = size;
        for (int i = 0; i < size; i++) {
            free[i] = size - 1 - i;
        }
    }

    public int size() {
        return free.length;
    }

    public int numFree() {
        return numFree;
    }

    /** Takes an index; there must be a free one. */
    public int take() {
        if (numFree == 0) {
            throw new IllegalStateException("no free " + name + " of " + free.length);
        }
        int index = free[--numFree];
        isTaken[index] = true;
        return index;
    }

    /** Gives an index back, once. */
    public void release(int index) {
        if (!isTaken[index]) {
            throw new IllegalStateException(name + " " + index + " is free already");
        }
        isTaken[index] = false;
        free[numFree++] = index;
    }

    boolean isTaken(int index) {
        return isTaken[index];
    }
}
