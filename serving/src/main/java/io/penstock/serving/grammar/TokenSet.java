package io.penstock.serving.grammar;

import java.util.Arrays;

/** The tokens that a state permits: as ids where they are few, else as a mask. */
final class TokenSet {
    private final int[] ids;
    private final int[] words;

    private TokenSet(int[] ids, int[] words) {
        this.ids = ids;
        this.words = words;
    }

    /** Takes a mask with {@code numBits} bits set; copies what it needs. */
    static TokenSet of(int[] mask, int numBits) {
        if (numBits > mask.length / 2) {
            return new TokenSet(null, mask.clone());
        }
        int[] ids = new int[numBits];
        int at = 0;
        for (int word = 0; word < mask.length; word++) {
            for (int rest = mask[word]; rest != 0; rest &= rest - 1) {
                ids[at++] = 32 * word + Integer.numberOfTrailingZeros(rest);
            }
        }
        return new TokenSet(ids, null);
    }

    void fill(int[] target, int offset, int numWords) {
        if (words != null) {
            int length = Math.min(numWords, words.length);
            System.arraycopy(words, 0, target, offset, length);
            Arrays.fill(target, offset + length, offset + numWords, 0);
            return;
        }
        Arrays.fill(target, offset, offset + numWords, 0);
        for (int id : ids) {
            target[offset + (id >>> 5)] |= 1 << id;
        }
    }

    /** Words of memory. */
    int size() {
        return words != null ? words.length : ids.length;
    }
}
