package io.penstock.runtime.sampling;

/** How often each token occurred, for few distinct tokens: an open-addressing table with a list of its used slots. */
final class TokenCounts {
    /** Larger tables go when a sequence does not need them: one long request must not cost for ever. */
    private static final int MAX_KEPT_SLOTS = 8192;
    private static final int MIN_SLOTS = 64;
    private static final int HASH_MULTIPLIER = 0x9E3779B9;

    private int[] keys = new int[0];
    private int[] counts = keys;
    private int[] usedSlots = keys;
    private int numUsed;
    private int hashShift;

    /** Empties the table and makes room for {@code maxDistinct} tokens; only this may allocate. */
    void reset(int maxDistinct) {
        int numSlots = maxDistinct == 0 ? 0 : Math.max(MIN_SLOTS, Integer.highestOneBit(maxDistinct * 2 - 1) * 2);
        if (numSlots > keys.length || keys.length > Math.max(numSlots, MAX_KEPT_SLOTS)) {
            keys = new int[numSlots];
            counts = new int[numSlots];
            usedSlots = new int[numSlots / 2];
        } else {
            for (int i = 0; i < numUsed; i++) {
                keys[usedSlots[i]] = 0;
            }
        }
        numUsed = 0;
        hashShift = Integer.numberOfLeadingZeros(keys.length) + 1;
    }

    void increment(int tokenId) {
        int slot = slotOf(tokenId);
        if (keys[slot] == 0) {
            if (numUsed == usedSlots.length) {
                throw new IllegalStateException("more than " + numUsed + " distinct tokens");
            }
            keys[slot] = tokenId + 1;
            counts[slot] = 0;
            usedSlots[numUsed++] = slot;
        }
        counts[slot]++;
    }

    /** How many distinct tokens there are; they are numbered in the order of their first occurrence. */
    int numDistinct() {
        return numUsed;
    }

    int tokenId(int index) {
        return keys[usedSlots[index]] - 1;
    }

    int count(int index) {
        return counts[usedSlots[index]];
    }

    private int slotOf(int tokenId) {
        int slot = tokenId * HASH_MULTIPLIER >>> hashShift;
        while (keys[slot] != 0 && keys[slot] != tokenId + 1) {
            slot = slot + 1 & keys.length - 1;
        }
        return slot;
    }
}
