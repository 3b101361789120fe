package io.penstock.scheduler.memory;

import io.penstock.runtime.ModelLimits;
import java.util.Arrays;

/**
 * The token ids of all KV blocks, [blocks, 64]: what a block's keys and values were computed from. The outputs of a
 * running sequence are here, but for its last, partial block, and nowhere else; a prefix match compares them, so that
 * no hash collision can hand out foreign keys and values.
 */
public final class BlockTokens {
    private static final int BLOCK = ModelLimits.BLOCK_TOKENS;
    private static final long FULL = 0x9E3779B97F4A7C15L;
    private static final long PARTIAL = 0xD1B54A32D192ED03L;

    private final int[] tokenIds;

    public BlockTokens(int numBlocks) {
        tokenIds = new int[Math.multiplyExact(numBlocks, BLOCK)];
    }

    /** Sets {@code count} tokens of a block from {@code offset} on. */
    public void set(int block, int offset, int[] ids, int idsFrom, int count) {
        System.arraycopy(ids, idsFrom, tokenIds, block * BLOCK + offset, count);
    }

    /** Copies {@code count} tokens of a block from {@code offset} on. */
    public void copy(int block, int offset, int[] ids, int idsFrom, int count) {
        System.arraycopy(tokenIds, block * BLOCK + offset, ids, idsFrom, count);
    }

    /** Whether the block holds exactly these 64 tokens. */
    boolean equal(int block, int[] ids, int idsFrom) {
        int from = block * BLOCK;
        return Arrays.equals(tokenIds, from, from + BLOCK, ids, idsFrom, idsFrom + BLOCK);
    }

    boolean equal(int block, int other) {
        return equal(block, tokenIds, other * BLOCK);
    }

    /** Whether the block's first {@code count} tokens are these. */
    boolean startsWith(int block, int[] ids, int idsFrom, int count) {
        int from = block * BLOCK;
        return Arrays.equals(tokenIds, from, from + count, ids, idsFrom, idsFrom + count);
    }

    boolean startsWith(int block, int other, int count) {
        return startsWith(block, tokenIds, other * BLOCK, count);
    }

    /** The key of a full block whose tokens are all set. */
    public long key(long parentKey, int block) {
        return key(parentKey, tokenIds, block * BLOCK);
    }

    /**
     * The key of 64 tokens behind the blocks that {@code parentKey} stands for. It only finds candidates: equality is
     * decided by the tokens.
     */
    public static long key(long parentKey, int[] ids, int idsFrom) {
        return hash(parentKey ^ FULL, ids, idsFrom, BLOCK);
    }

    /** The key of all partial blocks behind a parent that begin with the same tokens, however many they have. */
    static long partialKey(long parentKey, int[] ids, int idsFrom) {
        return hash(parentKey ^ PARTIAL, ids, idsFrom, PrefixCache.MIN_PARTIAL_TOKENS);
    }

    long partialKey(long parentKey, int block) {
        return partialKey(parentKey, tokenIds, block * BLOCK);
    }

    private static long hash(long start, int[] ids, int idsFrom, int count) {
        long hash = start;
        for (int i = idsFrom; i < idsFrom + count; i++) {
            hash = (hash ^ ids[i]) * 0xFF51AFD7ED558CCDL;
            hash ^= hash >>> 32;
        }
        return hash;
    }

    /** The keys of all full blocks of a sequence. */
    public static long[] keys(long salt, int[] ids, int numTokens) {
        long[] keys = new long[numTokens / BLOCK];
        long parent = salt;
        for (int i = 0; i < keys.length; i++) {
            parent = key(parent, ids, i * BLOCK);
            keys[i] = parent;
        }
        return keys;
    }
}
