package io.penstock.batch.run;

import java.util.Arrays;
import java.util.Comparator;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Lines that were read and wait for the engine. By prefix they lie in the order of their token ids, and are taken from
 * where the last one was taken onwards, then from the start again: lines that begin alike follow one another, and none
 * waits for more than one round. One thread's.
 */
final class Window {
    private static final Comparator<Work> BY_NUMBER = Comparator.comparingLong(work -> work.line().number());
    private static final Comparator<Work> BY_PREFIX =
            Comparator.comparing(Work::firstPrompt, Arrays::compare).thenComparing(BY_NUMBER);
    private static final Comparator<Work> BY_LENGTH =
            Comparator.comparingLong(Work::numTokens).reversed().thenComparing(BY_NUMBER);

    private final NavigableSet<Work> works;
    private final boolean isRound;
    private Work last;
    private long numPromptTokens;

    Window(PipelineOptions.Order order) {
        isRound = order == PipelineOptions.Order.PREFIX;
        works = new TreeSet<>(switch (order) {
            case PREFIX -> BY_PREFIX;
            case LONGEST -> BY_LENGTH;
            case INPUT -> BY_NUMBER;
        });
    }

    void add(Work work) {
        works.add(work);
        numPromptTokens += work.numPromptTokens();
    }

    boolean isEmpty() {
        return works.isEmpty();
    }

    int size() {
        return works.size();
    }

    long numPromptTokens() {
        return numPromptTokens;
    }

    /** Takes the one that is next. */
    Work take() {
        Work next = isRound && last != null ? works.higher(last) : null;
        if (next == null) {
            next = works.first();
        }
        works.remove(next);
        numPromptTokens -= next.numPromptTokens();
        last = next;
        return next;
    }

    void clear() {
        works.clear();
        numPromptTokens = 0;
    }
}
