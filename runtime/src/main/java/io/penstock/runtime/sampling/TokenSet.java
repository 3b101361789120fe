package io.penstock.runtime.sampling;

/** A set of token ids as a bitmap, with a bitmap of its non-zero words so that small sets clear and walk fast. */
final class TokenSet {
    private final int numTokens;
    private final long[] words;
    private final long[] nonZeroWords;

    TokenSet(int numTokens) {
        this.numTokens = numTokens;
        words = new long[(numTokens + 63) >>> 6];
        nonZeroWords = new long[(words.length + 63) >>> 6];
    }

    void add(int tokenId) {
        if (tokenId < 0 || tokenId >= numTokens) {
            throw new IllegalArgumentException("token " + tokenId + " of " + numTokens);
        }
        int word = tokenId >>> 6;
        words[word] |= 1L << tokenId;
        nonZeroWords[word >>> 6] |= 1L << word;
    }

    boolean contains(int tokenId) {
        return (words[tokenId >>> 6] >>> tokenId & 1) != 0;
    }

    /** The lowest member that is at least {@code from}, or -1. */
    int next(int from) {
        if (from >= numTokens) {
            return -1;
        }
        int word = from >>> 6;
        long rest = words[word] & -1L << from;
        if (rest == 0) {
            word = nextNonZeroWord(word + 1);
            if (word < 0) {
                return -1;
            }
            rest = words[word];
        }
        return (word << 6) + Long.numberOfTrailingZeros(rest);
    }

    void clear() {
        for (int i = 0; i < nonZeroWords.length; i++) {
            long rest = nonZeroWords[i];
            while (rest != 0) {
                words[(i << 6) + Long.numberOfTrailingZeros(rest)] = 0;
                rest &= rest - 1;
            }
            nonZeroWords[i] = 0;
        }
    }

    private int nextNonZeroWord(int from) {
        int group = from >>> 6;
        if (group >= nonZeroWords.length) {
            return -1;
        }
        long rest = nonZeroWords[group] & -1L << from;
        while (rest == 0) {
            group++;
            if (group == nonZeroWords.length) {
                return -1;
            }
            rest = nonZeroWords[group];
        }
        return (group << 6) + Long.numberOfTrailingZeros(rest);
    }
}
