package io.penstock.runtime.sampling;

import java.util.List;

/** The token sequences that a request forbids, and as much of its output as the longest of them looks back on. */
final class BadWords {
    private int[] tokenIds = new int[0];
    private int[] ends = tokenIds;
    private int[] recent = tokenIds;
    private int numWords;
    private int longestPrefix;
    private long numRecorded;

    /** Takes a request's words, with an empty output; only this may allocate. Words with unknown ids are left out. */
    void reset(List<List<Integer>> words, int vocabSize) {
        numWords = 0;
        longestPrefix = 0;
        numRecorded = 0;
        int numTokens = 0;
        for (int w = 0; w < words.size(); w++) {
            numTokens += words.get(w).size();
        }
        if (tokenIds.length < numTokens) {
            tokenIds = new int[numTokens];
        }
        if (ends.length < words.size()) {
            ends = new int[words.size()];
        }
        for (int w = 0; w < words.size(); w++) {
            append(words.get(w), vocabSize);
        }
        if (recent.length < longestPrefix) {
            recent = new int[longestPrefix];
        }
    }

    private void append(List<Integer> word, int vocabSize) {
        int end = numWords == 0 ? 0 : ends[numWords - 1];
        for (int i = 0; i < word.size(); i++) {
            int tokenId = word.get(i);
            if (tokenId < 0 || tokenId >= vocabSize) {
                return;
            }
            tokenIds[end++] = tokenId;
        }
        ends[numWords++] = end;
        longestPrefix = Math.max(longestPrefix, word.size() - 1);
    }

    boolean isEmpty() {
        return numWords == 0;
    }

    /** How many of the last output tokens have to be recorded for the words to be recognised. */
    int longestPrefix() {
        return longestPrefix;
    }

    /** An output token, in order. */
    void record(int tokenId) {
        if (longestPrefix > 0) {
            recent[(int) (numRecorded % longestPrefix)] = tokenId;
        }
        numRecorded++;
    }

    /** Sets the last token of every word whose other tokens the output ends with to minus infinity. */
    void forbid(double[] values) {
        int start = 0;
        for (int w = 0; w < numWords; w++) {
            int last = ends[w] - 1;
            if (endsWith(start, last)) {
                values[tokenIds[last]] = Double.NEGATIVE_INFINITY;
            }
            start = ends[w];
        }
    }

    private boolean endsWith(int from, int to) {
        long first = numRecorded - (to - from);
        if (first < 0) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (recent[(int) ((first + i - from) % longestPrefix)] != tokenIds[i]) {
                return false;
            }
        }
        return true;
    }
}
