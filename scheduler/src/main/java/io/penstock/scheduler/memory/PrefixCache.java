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
 *
 * <p>A partial block holds the first tokens of one, for prompts that part in the middle of it. It belongs to nobody
 * and is never a parent: who hits it takes a copy, to go on behind its last token.
 */
public final class PrefixCache {
    /** From {@link #insert}: a block with the same content is known, and this one has several owners. */
    public static final int SHARED = -2;

    /** Fewest tokens of a partial block: fewer are not worth the copy and the snapshot. */
    public static final int MIN_PARTIAL_TOKENS = 16;

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

    /** Tokens of a partial block; 0 for full ones. */
    private final int[] partialTokens;
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
        partialTokens = new int[numBlocks];
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
     * @param blockKeys of the full blocks among {@code maxTokens} at least
     * @param maxTokens how many tokens may be hit at most: one at least must be left to compute
     */
    public void match(long salt, long[] blockKeys, int[] ids, int maxTokens, PrefixHit hit) {
        hit.clear();
        int parent = NONE;
        int numUnreferenced = 0;
        int numFound = 0;
        for (int i = 0; i < maxTokens / ModelLimits.BLOCK_TOKENS; i++) {
            int block = find(blockKeys[i], parent, salt);
            if (block == NONE || !tokens.equal(block, ids, i * ModelLimits.BLOCK_TOKENS)) {
                break;
            }
            hit.blocks[numFound++] = block;
            numUnreferenced += refCounts[block] == 0 ? 1 : 0;
            if (snapshotOfBlock[block] != ForwardBatch.NO_SNAPSHOT) {
                hit.numBlocks = i + 1;
                hit.snapshot = snapshotOfBlock[block];
                hit.numUnreferenced = numUnreferenced;
            }
            parent = block;
        }
        for (int depth = numFound; depth >= hit.numBlocks && hit.numPartialTokens == 0; depth--) {
            matchPartial(salt, depth == 0 ? salt : blockKeys[depth - 1], ids, maxTokens, depth, hit);
        }
    }

    /** The longest partial block with a snapshot behind the first {@code depth} blocks of a hit. */
    private void matchPartial(long salt, long parentKey, int[] ids, int maxTokens, int depth, PrefixHit hit) {
        int from = depth * ModelLimits.BLOCK_TOKENS;
        int limit = Math.min(ModelLimits.BLOCK_TOKENS - 1, maxTokens - from);
        if (limit < MIN_PARTIAL_TOKENS) {
            return;
        }
        int parent = depth == 0 ? NONE : hit.blocks[depth - 1];
        long key = BlockTokens.partialKey(parentKey, ids, from);
        for (int block = buckets[bucket(key)]; block != NONE; block = nextInBucket[block]) {
            int numTokens = partialTokens[block];
            if (numTokens > hit.numPartialTokens && numTokens <= limit && isBehind(block, key, parent, salt)
                    && snapshotOfBlock[block] != ForwardBatch.NO_SNAPSHOT
                    && tokens.startsWith(block, ids, from, numTokens)) {
                hit.numPartialTokens = numTokens;
                hit.partialBlock = block;
                hit.snapshot = snapshotOfBlock[block];
            }
        }
        if (hit.numPartialTokens > 0) {
            hit.numBlocks = depth;
            hit.numUnreferenced = 0;
            for (int i = 0; i < depth; i++) {
                hit.numUnreferenced += refCounts[hit.blocks[i]] == 0 ? 1 : 0;
            }
        }
    }

    private boolean isBehind(int block, long key, int parent, long salt) {
        return keys[block] == key && parents[block] == parent && (parent != NONE || salts[block] == salt);
    }

    private int find(long key, int parent, long salt) {
        int block = buckets[bucket(key)];
        while (block != NONE && !(partialTokens[block] == 0 && isBehind(block, key, parent, salt))) {
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
        link(block, parent, key, salt, 0);
        if (listener != null) {
            tell(block);
        }
        return block;
    }

    /**
     * Makes a block findable of which the first tokens are computed or will be before anything reads them.
     *
     * @param numTokens {@link #MIN_PARTIAL_TOKENS} to 63, which are set
     * @param parent the findable block before it, or -1
     * @param parentKey its key, or the salt
     * @return the block itself, or the findable one with the same tokens: the caller owns {@code block} as before
     */
    public int insertPartial(int block, int numTokens, int parent, long parentKey, long salt) {
        long key = tokens.partialKey(parentKey, block);
        for (int at = buckets[bucket(key)]; at != NONE; at = nextInBucket[at]) {
            if (partialTokens[at] == numTokens && isBehind(at, key, parent, salt)
                    && tokens.startsWith(at, block, numTokens)) {
                return at;
            }
        }
        link(block, parent, key, salt, numTokens);
        return block;
    }

    private void link(int block, int parent, long key, long salt, int numPartialTokens) {
        isFindable[block] = true;
        keys[block] = key;
        salts[block] = salt;
        parents[block] = parent;
        partialTokens[block] = numPartialTokens;
        int bucket = bucket(key);
        nextInBucket[block] = buckets[bucket];
        buckets[bucket] = block;
    }

    private void tell(int block) {
        int parent = parents[block];
        listener.stored(keys[block], parent == NONE ? 0 : keys[parent], parent == NONE, tokens, block);
    }

    /**
     * From now on tells a listener of full blocks that can be found, after those of now, parents before their
     * children. Null ends that.
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
            int first = partialTokens[block] == 0 ? block : NONE;
            for (int at = first; at != NONE && isFindable[at] && !isTold[at]; at = parents[at]) {
                isTold[at] = true;
                chain[length++] = at;
            }
            while (length > 0) {
                tell(chain[--length]);
            }
        }
    }

    private void forget(int block) {
        if (listener != null && partialTokens[block] == 0) {
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
        partialTokens[block] = 0;
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

    /** Keeps a pinned snapshot as the conv state behind a findable block's tokens; a block that has one keeps that. */
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
