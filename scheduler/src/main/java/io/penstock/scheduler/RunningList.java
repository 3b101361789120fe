package io.penstock.scheduler;

/** The sequences that hold a conv slot, by priority and then by submission: the last one is the first to give way. */
final class RunningList {
    private final Sequence[] sequences;
    private int size;

    RunningList(int capacity) {
        sequences = new Sequence[capacity];
    }

    int size() {
        return size;
    }

    Sequence at(int index) {
        return sequences[index];
    }

    void add(Sequence sequence) {
        int at = size;
        while (at > 0 && sequence.isBefore(sequences[at - 1])) {
            sequences[at] = sequences[at - 1];
            at--;
        }
        sequences[at] = sequence;
        size++;
    }

    /** Drops those that run no more, in place. */
    void compact() {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (sequences[i].isRunning()) {
                sequences[kept++] = sequences[i];
            }
        }
        for (int i = kept; i < size; i++) {
            sequences[i] = null;
        }
        size = kept;
    }
}
