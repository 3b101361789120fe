package io.penstock.scheduler.memory;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.Arrays;

/**
 * All KV blocks and conv snapshots: who holds them, and which can be found again by the tokens they were computed
 * from. A block is free, in use (referenced by sequences), or cached (unreferenced and findable, evicted when a block
 * is needed, least recently used first).
 *
 * <p>A block is found through its parent, so a child must not outlive it. That needs no tree: whoever references a
 * child references its parent too, and sequences release their last block first, so a child is always older in the
 * list of unreferenced blocks than its parent.
 */
public final class PrefixCache {
    /** From {@link #insert}: a block with the same content is known, and this one has several owners. */
    public static final int SHARED = -2;

    private static final int NONE = -1;

    private final int numBlocks;
    private final BlockTokens tokens;
    private final IndexPool free;
    private final int[] refCounts;
    private final Links unreferenced;
    private final SnapshotPool snapshots;

    private final boolean[] isFindable;
    private final long[] keys;
    private final long[] salts;
    private final int[] parents;
    private final int[] snapshotOfBlock;
    private final int[] buckets;
    private final int[] nextInBucket;
    private long numEvictions;

    /** Null where nobody listens. */
    private BlockListener listener;

    public PrefixCache(int numBlocks, int numSnapshots) {
        this.numBlocks = numBlocks;
        tokens = new BlockTokens(numBlocks);
        free = new IndexPool("KV block", numBlocks);
        refCounts = new int[numBlocks];
        unreferenced = new Links(numBlocks);
        snapshots = new SnapshotPool(numSnapshots);
        isFindable = new boolean[numBlocks];
        keys = new long[numBlocks];
        salts = new long[numBlocks];
        parents = new int[numBlocks];
        snapshotOfBlock = new int[numBlocks];
        Arrays.fill(snapshotOfBlock, ForwardBatch.NO_SNAPSHOT);
        buckets = new int[Integer.highestOneBit(Math.max(1, numBlocks)) * 2];
        Arrays.fill(buckets, NONE);
        nextInBucket = new int[numBlocks];
    }

    public BlockTokens tokens() {
        return tokens;
    }

    public int numBlocks() {
        return numBlocks;
    }

    /** Blocks that can be taken: free ones, and cached ones that nobody references. */
    public int numAvailable() {
        return free.numFree() + unreferenced.size();
    }

    public int numCached() {
        return unreferenced.size();
    }

    /** Blocks that sequences hold. */
    public int numInUse() {
        return numBlocks - numAvailable();
    }

    public long numEvictions() {
        return numEvictions;
    }

    /** Takes a block for one owner, evicting the least recently used cached one if none is free. */
    public int take() {
        if (free.numFree() == 0) {
            int victim = unreferenced.oldest();
            if (victim < 0) {
                throw new IllegalStateException("all " + numBlocks + " KV blocks are in use");
            }
            unreferenced.remove(victim);
            forget(victim);
            free.release(victim);
            numEvictions++;
        }
        int block = free.take();
        refCounts[block] = 1;
        return block;
    }

    /** One more owner. */
    public void retain(int block) {
        if (refCounts[block]++ == 0) {
            unreferenced.remove(block);
        }
    }

    /** One owner fewer. A sequence releases its last block first. */
    public void release(int block) {
        if (refCounts[block] <= 0) {
            throw new IllegalStateException("KV block " + block + " has no owner");
        }
        if (--refCounts[block] == 0) {
            if (isFindable[block]) {
                unreferenced.add(block);
            } else {
                free.release(block);
            }
        }
    }

    /**
     * Looks up the longest computed prefix that ends in a snapshot. Takes no reference: call {@link #retain} for each
     * block and {@link #pinSnapshot} before anything else is taken.
     *
     * @param maxBlocks how many blocks may be hit at most: one token at least must be left to compute
     */
    public void match(long salt, long[] blockKeys, int[] ids, int maxBlocks, PrefixHit hit) {
        hit.clear();
        int parent = NONE;
        int numUnreferenced = 0;
        for (int i = 0; i < maxBlocks; i++) {
            int block = find(blockKeys[i], parent, salt);
            if (block == NONE || !tokens.equal(block, ids, i * ModelLimits.BLOCK_TOKENS)) {
                break;
            }
            hit.blocks[i] = block;
            numUnreferenced += refCounts[block] == 0 ? 1 : 0;
            if (snapshotOfBlock[block] != ForwardBatch.NO_SNAPSHOT) {
                hit.numBlocks = i + 1;
                hit.snapshot = snapshotOfBlock[block];
                hit.numUnreferenced = numUnreferenced;
            }
            parent = block;
        }
    }

    private int find(long key, int parent, long salt) {
        int block = buckets[bucket(key)];
        while (block != NONE && !(keys[block] == key && parents[block] == parent
                && (parent != NONE || salts[block] == salt))) {
            block = nextInBucket[block];
        }
        return block;
    }

    private int bucket(long key) {
        return (int) (key ^ key >>> 32) & (buckets.length - 1);
    }

    /**
     * Makes a full, computed block findable behind its parent.
     *
     * @param parent the findable block before it, or -1 for a sequence's first
     * @return the block itself, or the findable block with the same content: then the caller owns that one and has
     *     lost {@code block}; {@link #SHARED} if it has other owners: they would be left with the children of a block
     *     that they do not hold, so it stays unknown while they are there
     */
    public int insert(int block, int parent, long key, long salt) {
        if (parent != NONE && !isFindable[parent]) {
            return block;
        }
        int existing = find(key, parent, salt);
        if (existing != NONE) {
            if (existing == block || !tokens.equal(existing, block)) {
                return block;
            }
            if (refCounts[block] > 1) {
                return SHARED;
            }
            retain(existing);
            release(block);
            return existing;
        }
        if (isFindable[block]) {
            throw new IllegalStateException("KV block " + block + " can be found already, behind " + parents[block]
                    + " and not " + parent);
        }
        isFindable[block] = true;
        keys[block] = key;
        salts[block] = salt;
        parents[block] = parent;
        int bucket = bucket(key);
        nextInBucket[block] = buckets[bucket];
        buckets[bucket] = block;
        if (listener != null) {
            tell(block);
        }
        return block;
    }

    private void tell(int block) {
        int parent = parents[block];
        listener.stored(keys[block], parent == NONE ? 0 : keys[parent], parent == NONE, tokens, block);
    }

    /**
     * From now on tells a listener what changes, after all that can be found now, parents before their children. Null
     * ends that.
     */
    public void listen(BlockListener next) {
        listener = next;
        if (next == null) {
            return;
        }
        next.cleared();
        boolean[] isTold = new boolean[numBlocks];
        int[] chain = new int[numBlocks];
        for (int block = 0; block < numBlocks; block++) {
            int length = 0;
            for (int at = block; at != NONE && isFindable[at] && !isTold[at]; at = parents[at]) {
                isTold[at] = true;
                chain[length++] = at;
            }
            while (length > 0) {
                tell(chain[--length]);
            }
        }
    }

    private void forget(int block) {
        if (listener != null) {
            listener.removed(keys[block]);
        }
        int bucket = bucket(keys[block]);
        int at = buckets[bucket];
        if (at == block) {
            buckets[bucket] = nextInBucket[block];
        } else {
            while (nextInBucket[at] != block) {
                at = nextInBucket[at];
            }
            nextInBucket[at] = nextInBucket[block];
        }
        isFindable[block] = false;
        if (snapshotOfBlock[block] != ForwardBatch.NO_SNAPSHOT) {
            snapshots.drop(snapshotOfBlock[block]);
            snapshotOfBlock[block] = ForwardBatch.NO_SNAPSHOT;
        }
    }

    /** A pinned snapshot to write to, or {@link ForwardBatch#NO_SNAPSHOT} when all are pinned. */
    public int takeSnapshot() {
        return snapshots.take(snapshotOfBlock);
    }

    public void pinSnapshot(int snapshot) {
        snapshots.pin(snapshot);
    }

    /** The snapshot of a hit was used. */
    public void touchSnapshot(int snapshot) {
        snapshots.touch(snapshot);
    }

    public void unpinSnapshot(int snapshot) {
        snapshots.unpin(snapshot);
    }

    /** Keeps a pinned snapshot as the conv state at the end of a findable block; a block that has one keeps that. */
    public void keepSnapshot(int snapshot, int block) {
        if (isFindable[block] && snapshotOfBlock[block] == ForwardBatch.NO_SNAPSHOT) {
            snapshotOfBlock[block] = snapshot;
            snapshots.keep(snapshot, block);
        }
    }

    public boolean hasSnapshot(int block) {
        return snapshotOfBlock[block] != ForwardBatch.NO_SNAPSHOT;
    }

    public boolean isFindable(int block) {
        return isFindable[block];
    }

    /** Forgets all that was computed before. Blocks that sequences hold stay theirs. */
    public void reset() {
        BlockListener told = listener;
        listener = null;
        while (unreferenced.size() > 0) {
            int block = unreferenced.oldest();
            unreferenced.remove(block);
            forget(block);
            free.release(block);
        }
        for (int block = 0; block < numBlocks; block++) {
            if (isFindable[block]) {
                forget(block);
            }
        }
        listener = told;
        if (told != null) {
            told.cleared();
        }
    }

    /** Owners of a block. */
    public int refCount(int block) {
        return refCounts[block];
    }

    /**
     * Checks that each block and snapshot is in exactly one state and that no child outlives its parent.
     *
     * @throws IllegalStateException naming the first that is not
     */
    public void checkIntegrity() {
        int inUse = 0;
        for (int block = 0; block < numBlocks; block++) {
            inUse += refCounts[block] > 0 ? 1 : 0;
            require(free.isTaken(block) == (refCounts[block] > 0 || unreferenced.contains(block)), "KV block", block);
            require(!unreferenced.contains(block) || isFindable[block] && refCounts[block] == 0, "KV block", block);
            if (isFindable[block]) {
                int parent = parents[block];
                require(parent == NONE || isFindable[parent]
                        && (refCounts[block] == 0 || refCounts[parent] > 0), "parent of KV block", block);
                require(findsItself(block), "key of KV block", block);
            }
            int snapshot = snapshotOfBlock[block];
            require(snapshot == ForwardBatch.NO_SNAPSHOT || snapshots.block(snapshot) == block, "KV block", block);
        }
        if (free.numFree() + unreferenced.size() + inUse != numBlocks) {
            throw new IllegalStateException("KV blocks: free " + free.numFree() + " + cached " + unreferenced.size()
                    + " + in use " + inUse + " is not " + numBlocks);
        }
        for (int snapshot = 0; snapshot < snapshots.size(); snapshot++) {
            boolean isKept = snapshots.block(snapshot) != NONE;
            require(snapshots.isFree(snapshot) == (!isKept && snapshots.numPins(snapshot) == 0), "snapshot", snapshot);
            require(!isKept || snapshotOfBlock[snapshots.block(snapshot)] == snapshot, "snapshot", snapshot);
        }
    }

    private boolean findsItself(int block) {
        int at = buckets[bucket(keys[block])];
        while (at != NONE && at != block) {
            at = nextInBucket[at];
        }
        return at == block;
    }

    private static void require(boolean holds, String what, int index) {
        if (!holds) {
            throw new IllegalStateException(what + " " + index + " is in no consistent state");
        }
    }

    /** How often snapshots are pinned, all together. */
    public int numSnapshotPins() {
        int numPins = 0;
        for (int snapshot = 0; snapshot < snapshots.size(); snapshot++) {
            numPins += snapshots.numPins(snapshot);
        }
        return numPins;
    }

    public int numFreeSnapshots() {
        return snapshots.numFree();
    }

    public int numKeptSnapshots() {
        return snapshots.numKept();
    }
}
