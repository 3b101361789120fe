package io.penstock.scheduler;

/** The sequences that hold a conv slot, by priority and then by submission: the last one is the first to give way. */
final class RunningList {
    private final Sequence[] sequences;
    private final int[] convSlots;
    private int size;
    private int numLeft;

    RunningList(int capacity) {
        sequences = new Sequence[capacity];
        convSlots = new int[capacity];
    }

    /** Sequences that run: those that ended since the last {@link #compact} do not count. */
    int numRunning() {
        return size - numLeft;
    }

    /** One of them has ended or given way. */
    void left() {
        numLeft++;
    }

    /** Places to look at, from {@link #at} 0 on; not all of them run. */
    int size() {
        return size;
    }

    Sequence at(int index) {
        return sequences[index];
    }

    /** The conv slot that the sequence at a place got when it was added. */
    int convSlot(int index) {
        return convSlots[index];
    }

    void add(Sequence sequence) {
        int at = size;
        while (at > 0 && sequence.isBefore(sequences[at - 1])) {
            sequences[at] = sequences[at - 1];
            convSlots[at] = convSlots[at - 1];
            at--;
        }
        sequences[at] = sequence;
        convSlots[at] = sequence.convSlot;
        size++;
    }

    /** Drops those that run no more, in place. */
    void compact() {
        if (numLeft == 0) {
            return;
        }
        numLeft = 0;
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (sequences[i].isRunning()) {
                convSlots[kept] = convSlots[i];
                sequences[kept++] = sequences[i];
            }
        }
        for (int i = kept; i < size; i++) {
            sequences[i] = null;
        }
        size = kept;
    }
}
