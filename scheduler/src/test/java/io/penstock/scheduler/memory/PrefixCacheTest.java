package io.penstock.scheduler.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
    private static final int BLOCK = ModelLimits.BLOCK_TOKENS;
    private static final int NUM_BLOCKS = 8;

    private final PrefixCache cache = new PrefixCache(NUM_BLOCKS, 3);
    private final PrefixHit hit = new PrefixHit(NUM_BLOCKS);

    @AfterEach
    void holdsTogether() {
        cache.checkIntegrity();
    }

    private static int[] tokens(int numBlocks, long seed) {
        return new Random(seed).ints(numBlocks * BLOCK, 0, 1000).toArray();
    }

    /** Takes, fills and inserts the blocks of a sequence, as one that computes its prompt. */
    private int[] compute(long salt, int[] ids) {
        int[] blocks = new int[ids.length / BLOCK];
        long key = salt;
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = cache.take();
            cache.tokens().set(blocks[i], 0, ids, i * BLOCK, BLOCK);
            key = cache.tokens().key(key, blocks[i]);
            blocks[i] = cache.insert(blocks[i], i == 0 ? -1 : blocks[i - 1], key, salt);
        }
        return blocks;
    }

    private int snapshot(int block) {
        int snapshot = cache.takeSnapshot();
        cache.keepSnapshot(snapshot, block);
        cache.unpinSnapshot(snapshot);
        return snapshot;
    }

    private void release(int... blocks) {
        for (int i = blocks.length - 1; i >= 0; i--) {
            cache.release(blocks[i]);
        }
    }

    private int match(long salt, int[] ids) {
        cache.match(salt, BlockTokens.keys(salt, ids, ids.length), ids, ids.length, hit);
        return hit.numBlocks();
    }

    @Test
    void aHitEndsAtTheLastSnapshot() {
        int[] ids = tokens(4, 1);
        int[] blocks = compute(0, ids);
        assertEquals(0, match(0, ids), "blocks without a snapshot are no hit");
        int first = snapshot(blocks[1]);
        assertEquals(2, match(0, ids));
        assertEquals(first, hit.snapshot());
        assertEquals(2 * BLOCK, hit.numTokens());
        assertEquals(0, hit.numUnreferenced());
        int second = snapshot(blocks[2]);
        release(blocks);
        assertEquals(3, match(0, ids));
        assertEquals(second, hit.snapshot());
        assertEquals(3, hit.numUnreferenced());
        for (int i = 0; i < 3; i++) {
            assertEquals(blocks[i], hit.block(i));
        }
        cache.match(0, BlockTokens.keys(0, ids, ids.length), ids, 2 * BLOCK, hit);
        assertEquals(2, hit.numBlocks(), "no more than asked for");
        assertEquals(first, hit.snapshot());
    }

    @Test
    void aPrefixHitsAndAnotherTextDoesNot() {
        int[] ids = tokens(3, 1);
        int[] blocks = compute(0, ids);
        snapshot(blocks[0]);
        snapshot(blocks[2]);
        int[] other = ids.clone();
        other[BLOCK + 5]++;
        assertEquals(1, match(0, other));
        other[5]++;
        assertEquals(0, match(0, other));
        assertEquals(ForwardBatch.NO_SNAPSHOT, hit.snapshot());
    }

    private int partial(int[] ids, int numTokens, int parent, long parentKey) {
        int block = cache.take();
        cache.tokens().set(block, 0, ids, parent < 0 ? 0 : BLOCK, numTokens);
        assertEquals(block, cache.insertPartial(block, numTokens, parent, parentKey, 0));
        snapshot(block);
        cache.release(block);
        return block;
    }

    @Test
    void aHitEndsWithinABlockWhereAPartialOneIsTheLongest() {
        int[] ids = tokens(2, 1);
        int shorter = partial(ids, 20, -1, 0);
        int longer = partial(ids, 40, -1, 0);
        assertEquals(0, match(0, ids));
        assertEquals(longer, hit.partialBlock());
        assertEquals(40, hit.numTokens());
        assertTrue(hit.snapshot() != ForwardBatch.NO_SNAPSHOT);
        int[] other = ids.clone();
        other[30]++;
        match(0, other);
        assertEquals(shorter, hit.partialBlock());
        assertEquals(20, hit.numTokens());
        cache.match(0, BlockTokens.keys(0, ids, ids.length), ids, 39, hit);
        assertEquals(20, hit.numTokens(), "no more than asked for");
        match(5, ids);
        assertEquals(0, hit.numTokens(), "another salt");
        other[3]++;
        match(0, other);
        assertEquals(0, hit.numTokens(), "another text");

        int[] blocks = compute(0, ids);
        int snapshot = snapshot(blocks[0]);
        assertEquals(1, match(0, ids));
        assertEquals(snapshot, hit.snapshot());
        assertEquals(BLOCK, hit.numTokens(), "a full block is longer");
        release(blocks);
    }

    @Test
    void aPartialBlockIsEvictedBeforeItsParentAndIsNone() {
        int[] ids = tokens(2, 1);
        int[] blocks = compute(0, ids);
        int partial = partial(ids, 33, blocks[0], BlockTokens.key(0, ids, 0));
        int[] other = ids.clone();
        other[BLOCK + 33]++;
        assertEquals(1, match(0, other));
        assertEquals(BLOCK + 33, hit.numTokens());
        int again = cache.take();
        cache.tokens().set(again, 0, ids, BLOCK, 33);
        assertEquals(partial, cache.insertPartial(again, 33, blocks[0], BlockTokens.key(0, ids, 0), 0));
        cache.release(again);
        release(blocks);
        int numFree = NUM_BLOCKS - 3;
        int[] taken = new int[numFree + 1];
        for (int i = 0; i < taken.length; i++) {
            taken[i] = cache.take();
        }
        assertEquals(partial, taken[numFree], "the oldest");
        cache.checkIntegrity();
        assertEquals(0, match(0, other));
        assertEquals(0, hit.numTokens());
        release(taken);
    }

    @Test
    void tokensDecideWhenKeysCollide() {
        int[] ids = tokens(2, 1);
        int[] blocks = compute(0, ids);
        snapshot(blocks[0]);
        snapshot(blocks[1]);
        int[] foreign = tokens(2, 2);
        cache.match(0, BlockTokens.keys(0, ids, ids.length), foreign, 2 * BLOCK, hit);
        assertEquals(0, hit.numBlocks(), "the key of another text");
        int[] half = ids.clone();
        System.arraycopy(foreign, 0, half, BLOCK, BLOCK);
        cache.match(0, BlockTokens.keys(0, ids, ids.length), half, 2 * BLOCK, hit);
        assertEquals(1, hit.numBlocks());
    }

    @Test
    void aBlockWhoseKeyCollidesIsNotFindable() {
        int[] blocks = compute(0, tokens(1, 1));
        long key = BlockTokens.key(0, tokens(1, 1), 0);
        int other = cache.take();
        assertEquals(other, cache.insert(other, -1, key, 0));
        assertFalse(cache.isFindable(other));
        int child = cache.take();
        assertEquals(child, cache.insert(child, other, 77, 0));
        assertFalse(cache.isFindable(child), "nor what comes behind it");
        release(other, child);
        assertEquals(NUM_BLOCKS - 1, cache.numAvailable());
        release(blocks);
    }

    @Test
    void anotherSaltHitsNothing() {
        int[] ids = tokens(2, 1);
        int[] blocks = compute(5, ids);
        snapshot(blocks[1]);
        assertEquals(0, match(6, ids));
        assertEquals(2, match(5, ids));
        cache.match(6, BlockTokens.keys(5, ids, ids.length), ids, 2 * BLOCK, hit);
        assertEquals(0, hit.numBlocks(), "not even with the same keys");
    }

    @Test
    void theLeastRecentlyUsedGoesFirstAndChildrenBeforeTheirParents() {
        int[] first = compute(0, tokens(3, 1));
        int[] second = compute(0, tokens(3, 2));
        snapshot(first[2]);
        snapshot(second[2]);
        release(first);
        release(second);
        match(0, tokens(3, 1));
        for (int i = 0; i < 3; i++) {
            cache.retain(hit.block(i));
        }
        release(first);
        assertEquals(6, cache.numCached());
        int[] taken = new int[4];
        for (int i = 0; i < 4; i++) {
            taken[i] = cache.take();
        }
        assertEquals(2, cache.numEvictions());
        assertFalse(cache.isFindable(second[2]));
        assertFalse(cache.isFindable(second[1]));
        assertTrue(cache.isFindable(second[0]));
        assertEquals(3, match(0, tokens(3, 1)), "used after the other one");
        assertEquals(0, match(0, tokens(3, 2)), "its snapshot went with its block");
        for (int i = 0; i < 4; i++) {
            cache.take();
        }
        assertEquals(0, cache.numAvailable());
        assertThrows(IllegalStateException.class, cache::take);
    }

    @Test
    void aBlockInUseIsNotEvicted() {
        int[] blocks = compute(0, tokens(2, 1));
        snapshot(blocks[1]);
        for (int i = 0; i < NUM_BLOCKS - 2; i++) {
            cache.take();
        }
        assertThrows(IllegalStateException.class, cache::take);
        assertEquals(2, match(0, tokens(2, 1)));
    }

    @Test
    void resetForgetsWithoutTaking() {
        int[] ids = tokens(2, 1);
        int[] held = compute(0, ids);
        snapshot(held[1]);
        int[] cached = compute(0, tokens(2, 2));
        snapshot(cached[1]);
        release(cached);
        cache.reset();
        assertEquals(0, match(0, ids));
        assertEquals(0, match(0, tokens(2, 2)));
        assertEquals(NUM_BLOCKS - 2, cache.numAvailable());
        assertEquals(3, cache.numFreeSnapshots());
        assertEquals(held[1], cache.insert(held[1], held[0], 1, 0), "the parent is not findable any more");
        assertFalse(cache.isFindable(held[1]));
        release(held);
        assertEquals(NUM_BLOCKS, cache.numAvailable());
    }

    @Test
    void aBlockThatIsKnownAlreadyIsGivenUp() {
        int[] first = compute(0, tokens(2, 1));
        int[] second = compute(0, tokens(2, 1));
        assertEquals(first[0], second[0]);
        assertEquals(first[1], second[1]);
        assertEquals(2, cache.refCount(first[0]));
        assertEquals(NUM_BLOCKS - 2, cache.numAvailable());
        release(first);
        assertEquals(1, cache.refCount(first[1]));
        release(second);
        assertEquals(2, cache.numCached());
    }

    @Test
    void snapshotsGoByUseAndNeverWhilePinned() {
        int[] blocks = compute(0, tokens(4, 1));
        int oldest = snapshot(blocks[0]);
        snapshot(blocks[1]);
        snapshot(blocks[2]);
        cache.pinSnapshot(oldest);
        int next = cache.takeSnapshot();
        assertNotEquals(oldest, next);
        assertFalse(cache.hasSnapshot(blocks[1]), "the oldest that is not pinned");
        assertTrue(cache.hasSnapshot(blocks[0]));
        int last = cache.takeSnapshot();
        assertEquals(ForwardBatch.NO_SNAPSHOT, cache.takeSnapshot(), "all are pinned");
        assertEquals(3, cache.numSnapshotPins());
        cache.unpinSnapshot(next);
        cache.unpinSnapshot(last);
        cache.unpinSnapshot(oldest);
        assertEquals(1, cache.numKeptSnapshots());
        assertThrows(IllegalStateException.class, () -> cache.unpinSnapshot(oldest));
        cache.pinSnapshot(oldest);
    }

    @Test
    void aBlockKeepsTheSnapshotThatItHas() {
        int[] blocks = compute(0, tokens(1, 1));
        int first = snapshot(blocks[0]);
        snapshot(blocks[0]);
        assertEquals(1, match(0, tokens(1, 1)));
        assertEquals(first, hit.snapshot());
        assertEquals(2, cache.numFreeSnapshots());
    }

    @Test
    void aSnapshotOutlivesItsBlockWhileItIsPinned() {
        int[] blocks = compute(0, tokens(1, 1));
        int snapshot = snapshot(blocks[0]);
        cache.pinSnapshot(snapshot);
        release(blocks);
        cache.reset();
        assertEquals(2, cache.numFreeSnapshots());
        cache.unpinSnapshot(snapshot);
        assertEquals(3, cache.numFreeSnapshots());
    }

    @Test
    void ablockIsReleasedByItsOwnersOnly() {
        int block = cache.take();
        cache.retain(block);
        cache.release(block);
        cache.release(block);
        assertThrows(IllegalStateException.class, () -> cache.release(block));
    }

    /** Its other owner would keep the children of a block that it does not hold, which may then be evicted first. */
    @Test
    void aSharedBlockIsNotReplaced() {
        var blocks = new PrefixCache(4, 0);
        int known = blocks.take();
        int same = blocks.take();
        long key = blocks.tokens().key(0, known);
        assertEquals(known, blocks.insert(known, -1, key, 0));
        blocks.retain(same);
        assertEquals(PrefixCache.SHARED, blocks.insert(same, -1, key, 0));
        assertEquals(2, blocks.refCount(same));
        blocks.release(same);
        assertEquals(known, blocks.insert(same, -1, key, 0));
        assertEquals(0, blocks.refCount(same));
        assertEquals(2, blocks.refCount(known));
        blocks.checkIntegrity();
    }

    @Test
    void aBlockIsNotFoundInTwoPlaces() {
        var blocks = new PrefixCache(4, 0);
        int block = blocks.take();
        blocks.insert(block, -1, 1, 0);
        assertThrows(IllegalStateException.class, () -> blocks.insert(block, -1, 2, 0));
    }
}
