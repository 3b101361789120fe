package io.penstock.scheduler;

import java.util.TreeMap;

/**
 * Sequences that wait for a conv slot and blocks, by priority and then by submission. A preempted one comes back to
 * the place it had. Adding in order and removing anywhere take constant time within a priority.
 */
final class WaitingQueue {
    /** The sequences of one priority, first to last. */
    static final class Level {
        final int priority;
        Sequence first;
        Sequence last;

        Level(int priority) {
            this.priority = priority;
        }
    }

    private final TreeMap<Integer, Level> levels = new TreeMap<>();
    private int size;

    int size() {
        return size;
    }

    /** The next to admit, or null. */
    Sequence first() {
        return size == 0 ? null : levels.firstEntry().getValue().first;
    }

    /** The one behind {@code sequence}, in its priority or the next lower one; null at the end. */
    Sequence after(Sequence sequence) {
        if (sequence.next != null) {
            return sequence.next;
        }
        var lower = levels.higherEntry(sequence.level.priority);
        return lower == null ? null : lower.getValue().first;
    }

    void add(Sequence sequence) {
        int priority = sequence.request.options().priority();
        Level level = levels.get(priority);
        if (level == null) {
            level = new Level(priority);
            levels.put(priority, level);
        }
        Sequence before = level.last;
        while (before != null && sequence.isBefore(before)) {
            before = before.previous;
        }
        link(sequence, level, before);
        size++;
    }

    private static void link(Sequence sequence, Level level, Sequence before) {
        sequence.level = level;
        sequence.previous = before;
        sequence.next = before == null ? level.first : before.next;
        if (before == null) {
            level.first = sequence;
        } else {
            before.next = sequence;
        }
        if (sequence.next == null) {
            level.last = sequence;
        } else {
            sequence.next.previous = sequence;
        }
    }

    void remove(Sequence sequence) {
        Level level = sequence.level;
        if (sequence.previous == null) {
            level.first = sequence.next;
        } else {
            sequence.previous.next = sequence.next;
        }
        if (sequence.next == null) {
            level.last = sequence.previous;
        } else {
            sequence.next.previous = sequence.previous;
        }
        if (level.first == null) {
            levels.remove(level.priority);
        }
        sequence.level = null;
        sequence.previous = null;
        sequence.next = null;
        size--;
    }
}
