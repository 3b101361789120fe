package io.penstock.runtime.text;

import java.util.Arrays;

/**
 * Remembers the tokens of short words. Direct-mapped and without locks: an entry is immutable, so a race between
 * threads costs at most a second computation of the same word.
 */
final class WordCache {
    private static final int MAX_WORD_BYTES = 40;

    private final Entry[] entries = new Entry[1 << 14];

    private record Entry(byte[] word, int[] ids) {
    }

    /** The ids of a word, or null. */
    int[] get(byte[] word, int length) {
        if (length > MAX_WORD_BYTES) {
            return null;
        }
        Entry entry = entries[slot(word, length)];
        return entry != null && Vocabulary.sameBytes(entry.word, word, 0, length) ? entry.ids : null;
    }

    void put(byte[] word, int length, BytePairMerges.Scratch tokens, int numTokens) {
        if (length > MAX_WORD_BYTES) {
            return;
        }
        int[] ids = new int[numTokens];
        for (int i = 0; i < numTokens; i++) {
            ids[i] = tokens.id(i);
        }
        entries[slot(word, length)] = new Entry(Arrays.copyOf(word, length), ids);
    }

    private int slot(byte[] word, int length) {
        return Vocabulary.hash(word, 0, length) & entries.length - 1;
    }
}
