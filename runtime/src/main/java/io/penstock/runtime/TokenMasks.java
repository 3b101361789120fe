package io.penstock.runtime;

/**
 * The token masks of one step: which tokens may be drawn, a bit each, for as many rows of logits as share them. Sized
 * once; filled by the thread that fills the batch. Bit {@code id % 32} of word {@code id / 32} of a mask is its token.
 */
public final class TokenMasks {
    /** No mask: any token may be drawn. */
    public static final int NO_MASK = -1;

    /** Where {@link #add} finds no room. */
    public static final int NO_ROOM = -2;

    /** Nodes of vocabularies that are walked for new masks in one step: some tenths of a millisecond. */
    static final int MAX_WORK = 1 << 14;

    private final int maxNumMasks;
    private final int wordsPerMask;
    private final int[] words;
    private final Object[] keys;
    private final int[] indices;
    private final int[] usedSlots;
    private int numMasks;
    private int workLeft = MAX_WORK;

    TokenMasks(MaskLimits limits) {
        maxNumMasks = limits.maxNumMasks();
        wordsPerMask = limits.wordsPerMask();
        words = new int[maxNumMasks * wordsPerMask];
        int numSlots = maxNumMasks == 0 ? 1 : Integer.highestOneBit(maxNumMasks) * 4;
        keys = new Object[numSlots];
        indices = new int[numSlots];
        usedSlots = new int[maxNumMasks];
    }

    void clear() {
        for (int i = 0; i < numMasks; i++) {
            keys[usedSlots[i]] = null;
        }
        numMasks = 0;
        workLeft = MAX_WORK;
    }

    /**
     * The index of the mask of a state, which shares that of an equal one. {@link #NO_ROOM} when all are taken, or when
     * a mask is new and takes more work than is left of this step: then a part of it is done, and a later step goes on.
     */
    public int add(TokenGrammar.State state) {
        Object key = state.maskKey();
        int slot = System.identityHashCode(key) & keys.length - 1;
        while (keys[slot] != null) {
            if (keys[slot] == key) {
                return indices[slot];
            }
            slot = slot + 1 & keys.length - 1;
        }
        if (numMasks == maxNumMasks) {
            return NO_ROOM;
        }
        int left = state.prepareMask(workLeft);
        workLeft = Math.max(0, left);
        if (left < 0) {
            return NO_ROOM;
        }
        state.fillMask(words, numMasks * wordsPerMask, wordsPerMask);
        keys[slot] = key;
        indices[slot] = numMasks;
        usedSlots[numMasks] = slot;
        return numMasks++;
    }

    /** Masks of this step, from index 0. */
    public int numMasks() {
        return numMasks;
    }

    public int wordsPerMask() {
        return wordsPerMask;
    }

    /** All masks: {@code [maxNumMasks, wordsPerMask]}, of which the first {@link #numMasks} count. Read only. */
    public int[] words() {
        return words;
    }

    /** Where a mask begins in {@link #words}. */
    public int offset(int mask) {
        return mask * wordsPerMask;
    }
}
