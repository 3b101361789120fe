package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ForwardBatch.Copy;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.memory.BlockTokens;
import io.penstock.scheduler.memory.IndexPool;
import io.penstock.scheduler.memory.PrefixCache;
import io.penstock.scheduler.memory.PrefixHit;

/**
 * What sequences hold: blocks, a conv slot, snapshots, swap space. Keeps the promise of each, how many blocks it is
 * expected to need in the end, so that admission can leave room for those that run.
 *
 * <p>Everything takes effect in the order of steps on the device, so what a sequence gives back may be taken at once.
 * Only within one step a snapshot must not be read and written: those that a step starts from or writes stay pinned
 * until {@link #endStep}.
 */
final class SequenceMemory {
    private static final int BLOCK = ModelLimits.BLOCK_TOKENS;

    private final ModelLimits limits;
    private final SchedulerConfig config;
    private final DecodeSlots slots;
    private final PrefixCache cache;
    private final IndexPool convSlots;
    private final IndexPool hostBlocks;
    private final IndexPool hostSlots;
    private final int[][] slotBlocks;
    private final Sequence[] starters;
    private final Sequence[] chunked;
    private final Sequence[] snapshotWriters;
    private final int[] snapshotBlocks;
    private final int[] writtenSnapshots;
    private final Sequence[] movedSequences;
    private final int[] movedIndices;
    private final int[] forkFrom;
    private final int[] forkTo;
    private final SharedPrefixes shared;
    private int numStarters;
    private int numChunked;
    private int numWritten;
    private int numMoved;
    private int numForkCopies;
    private long numPromised;

    SequenceMemory(ModelLimits limits, SchedulerConfig config, DecodeSlots slots) {
        this.limits = limits;
        this.config = config;
        this.slots = slots;
        cache = new PrefixCache(limits.numKvBlocks(), limits.numSnapshots());
        convSlots = new IndexPool("conv slot", limits.numConvSlots());
        hostBlocks = new IndexPool("swap block", limits.numSwapBlocks());
        hostSlots = new IndexPool("swap slot", limits.numSwapSlots());
        slotBlocks = new int[limits.numConvSlots()][limits.maxBlocksPerSeq()];
        int maxSeqs = limits.maxNumSeqs();
        int maxWritten = maxSeqs + 2 * ModelLimits.blocksFor(limits.maxNumBatchedTokens());
        starters = new Sequence[maxSeqs];
        chunked = new Sequence[maxSeqs];
        snapshotWriters = new Sequence[maxWritten];
        snapshotBlocks = new int[maxWritten];
        writtenSnapshots = new int[maxWritten];
        movedSequences = new Sequence[maxSeqs + ModelLimits.blocksFor(limits.maxNumBatchedTokens())];
        movedIndices = new int[movedSequences.length];
        forkFrom = new int[maxSeqs + SharedPrefixes.MAX_WRITTEN];
        forkTo = new int[forkFrom.length];
        shared = new SharedPrefixes(this);
    }

    PrefixCache cache() {
        return cache;
    }

    SharedPrefixes shared() {
        return shared;
    }

    int numFreeSlots() {
        return convSlots.numFree();
    }

    /** Blocks that nobody holds and nobody who runs is expected to need. */
    long numUnpromised() {
        return cache.numAvailable() - numPromised;
    }

    /** What earlier steps left: copies for forks and of partial blocks, and blocks that turned out to be known. */
    void beginStep(ForwardBatch batch) {
        for (int i = 0; i < numForkCopies; i++) {
            batch.addCopy(Copy.BLOCK, forkFrom[i], forkTo[i]);
        }
        numForkCopies = 0;
        for (int i = 0; i < numMoved; i++) {
            Sequence sequence = movedSequences[i];
            if (sequence.isRunning()) {
                batch.setBlock(sequence.convSlot, movedIndices[i], sequence.blocks[movedIndices[i]]);
            }
            movedSequences[i] = null;
        }
        numMoved = 0;
    }

    /** The batch is complete: what it computes can be found from the next step on. */
    void endStep() {
        for (int i = 0; i < numStarters; i++) {
            cache.unpinSnapshot(starters[i].initialSnapshot);
            starters[i].initialSnapshot = ForwardBatch.NO_SNAPSHOT;
            starters[i] = null;
        }
        numStarters = 0;
        for (int i = 0; i < numChunked; i++) {
            commit(chunked[i]);
            chunked[i] = null;
        }
        numChunked = 0;
        for (int i = 0; i < numWritten; i++) {
            Sequence writer = snapshotWriters[i];
            cache.keepSnapshot(writtenSnapshots[i], writer.blocks[snapshotBlocks[i]]);
            cache.unpinSnapshot(writtenSnapshots[i]);
            snapshotWriters[i] = null;
        }
        numWritten = 0;
        numForkCopies += shared.endStep(forkFrom, forkTo, numForkCopies);
    }

    /** Gives a sequence a conv slot, and the blocks of a prefix hit if there is one. */
    void admit(Sequence sequence, PrefixHit hit, ForwardBatch batch) {
        takeSlot(sequence);
        sequence.numScheduled = 0;
        sequence.chainKey = sequence.request.options().cacheSalt();
        for (int i = 0; i < hit.numBlocks(); i++) {
            cache.retain(hit.block(i));
            append(sequence, hit.block(i), batch);
        }
        if (hit.numBlocks() > 0) {
            sequence.numCommitted = hit.numBlocks();
            sequence.chainKey = sequence.blockKeys[hit.numBlocks() - 1];
        }
        if (hit.numTokens() > 0) {
            cache.pinSnapshot(hit.snapshot());
            cache.touchSnapshot(hit.snapshot());
            sequence.initialSnapshot = hit.snapshot();
            sequence.numScheduled = hit.numTokens();
        }
        if (hit.numPartialTokens() > 0) {
            copyPartial(sequence, hit, batch);
        }
    }

    private void copyPartial(Sequence sequence, PrefixHit hit, ForwardBatch batch) {
        cache.retain(hit.partialBlock());
        int own = cache.take();
        batch.addCopy(Copy.BLOCK, hit.partialBlock(), own);
        append(sequence, own, batch);
        setTokens(sequence, hit.numBlocks() * BLOCK, hit.numTokens());
        // Released while its parent is held, so that it stays the older one.
        cache.release(hit.partialBlock());
    }

    private void takeSlot(Sequence sequence) {
        sequence.convSlot = convSlots.take();
        sequence.blocks = slotBlocks[sequence.convSlot];
        sequence.numBlocks = 0;
        sequence.numCommitted = 0;
        slots.hold(sequence);
    }

    /** This batch starts the sequence from its snapshot, if it has one. */
    void start(Sequence sequence, int seq, ForwardBatch batch) {
        if (sequence.initialSnapshot != ForwardBatch.NO_SNAPSHOT) {
            batch.startFromSnapshot(seq, sequence.initialSnapshot);
            starters[numStarters++] = sequence;
        }
    }

    /** Blocks that a sequence lacks for its first {@code numTokens} tokens. */
    static int numMissing(Sequence sequence, int numTokens) {
        return Math.max(0, ModelLimits.blocksFor(numTokens) - sequence.numBlocks);
    }

    /** Takes the blocks for the first {@code numTokens} tokens; they must be available. */
    void grow(Sequence sequence, int numTokens, ForwardBatch batch) {
        for (int missing = numMissing(sequence, numTokens); missing > 0; missing--) {
            append(sequence, cache.take(), batch);
        }
    }

    private void append(Sequence sequence, int block, ForwardBatch batch) {
        batch.setBlock(sequence.convSlot, sequence.numBlocks, block);
        numPromised -= sequence.expectedBlocks > sequence.numBlocks ? 1 : 0;
        sequence.blocks[sequence.numBlocks++] = block;
    }

    /** Sets how many blocks a running sequence is expected to hold in the end. */
    void promise(Sequence sequence, int expectedBlocks) {
        numPromised += Math.max(0, expectedBlocks - sequence.numBlocks)
                - Math.max(0, sequence.expectedBlocks - sequence.numBlocks);
        sequence.expectedBlocks = expectedBlocks;
    }

    /** Stores a sequence's tokens in its blocks, from position {@code from} up to {@code to}. */
    private void setTokens(Sequence sequence, int from, int to) {
        int end;
        for (int position = from; position < to; position = end) {
            end = Math.min(to, (position / BLOCK + 1) * BLOCK);
            cache.tokens().set(sequence.blocks[position / BLOCK], position % BLOCK, sequence.tokenIds, position,
                    end - position);
        }
    }

    /** A decoding sequence knows all tokens of the block that ends at its last one. */
    void completeBlock(int convSlot, int numTokens) {
        slots.copyBlock(convSlot, cache.tokens(), slotBlocks[convSlot][numTokens / BLOCK - 1]);
    }

    /** All known tokens, with room for those on their way. */
    int[] gatherTokens(Sequence sequence) {
        if (sequence.tokenIds.length >= sequence.numTokens + 2 && sequence.numTokens == sequence.numToPrefill) {
            return sequence.tokenIds;
        }
        int[] ids = new int[sequence.numTokens + 2];
        int numPrefilled = Math.min(sequence.tokenIds.length, Math.min(sequence.numToPrefill, sequence.numTokens));
        System.arraycopy(sequence.tokenIds, 0, ids, 0, numPrefilled);
        int tail = sequence.numTokens / BLOCK * BLOCK;
        int end;
        for (int position = numPrefilled; position < tail; position = end) {
            end = (position / BLOCK + 1) * BLOCK;
            cache.tokens().copy(sequence.blocks[position / BLOCK], position % BLOCK, ids, position, end - position);
        }
        if (numPrefilled < sequence.numTokens) {
            slots.copyTail(sequence.convSlot, sequence.numTokens - tail, ids, tail);
        }
        return ids;
    }

    /** Makes the blocks findable whose tokens are all known and computed. */
    void commit(Sequence sequence) {
        int numFull = Math.min(sequence.numScheduled, sequence.numTokens) / BLOCK;
        if (!config.prefixCaching() || sequence.numCommitted >= numFull) {
            return;
        }
        long salt = sequence.request.options().cacheSalt();
        while (sequence.numCommitted < numFull && numMoved < movedSequences.length) {
            int index = sequence.numCommitted;
            int block = sequence.blocks[index];
            long key = cache.tokens().key(sequence.chainKey, block);
            int parent = index == 0 ? -1 : sequence.blocks[index - 1];
            int known = cache.insert(block, parent, key, salt);
            if (known == PrefixCache.SHARED) {
                return;
            }
            if (known != block) {
                sequence.blocks[index] = known;
                movedSequences[numMoved] = sequence;
                movedIndices[numMoved++] = index;
            }
            sequence.chainKey = key;
            sequence.numCommitted++;
            if (sequence.writtenSnapshot != ForwardBatch.NO_SNAPSHOT && sequence.writtenSnapshotBlock == index) {
                cache.keepSnapshot(sequence.writtenSnapshot, known);
                dropWrittenSnapshot(sequence);
            }
        }
    }

    /** Snapshots at the block ends among a prefill chunk's tokens, from {@code from} up to {@code to}. */
    void writeSnapshots(Sequence sequence, int from, int to, int firstToken, ForwardBatch batch) {
        if (!config.prefixCaching()) {
            return;
        }
        for (int index = from / BLOCK; index * BLOCK < to; index++) {
            if (sequence.sharedEnd > Math.max(from, index * BLOCK) && sequence.sharedEnd < (index + 1) * BLOCK
                    && sequence.sharedEnd <= to) {
                shared.write(sequence, firstToken + sequence.sharedEnd - 1 - from, batch);
            }
            if ((index + 1) * BLOCK <= to && isSnapshotBlock(sequence, index)) {
                int snapshot = cache.takeSnapshot();
                if (snapshot != ForwardBatch.NO_SNAPSHOT) {
                    batch.writeSnapshot(firstToken + (index + 1) * BLOCK - 1 - from, snapshot);
                    snapshotWriters[numWritten] = sequence;
                    snapshotBlocks[numWritten] = index;
                    writtenSnapshots[numWritten++] = snapshot;
                }
            }
        }
    }

    /** A snapshot after a decode row that completes a block, every so many blocks. */
    void writeSnapshot(Sequence sequence, int position, int token, ForwardBatch batch) {
        int index = position / BLOCK;
        if (config.prefixCaching() && (index + 1) % config.snapshotInterval() == 0
                && sequence.writtenSnapshot == ForwardBatch.NO_SNAPSHOT) {
            int snapshot = cache.takeSnapshot();
            if (snapshot != ForwardBatch.NO_SNAPSHOT) {
                batch.writeSnapshot(token, snapshot);
                sequence.writtenSnapshot = snapshot;
                sequence.writtenSnapshotBlock = index;
            }
        }
    }

    /**
     * At every n-th block, at the prompt's last full one, at the last one that the same prompt may hit, and where
     * others part from it.
     */
    boolean isSnapshotBlock(Sequence sequence, int index) {
        int promptLength = sequence.numToPrefill;
        return (index + 1) * BLOCK == sequence.sharedEnd || isRegularSnapshotBlock(promptLength, index);
    }

    private boolean isRegularSnapshotBlock(int promptLength, int index) {
        return (index + 1) % config.snapshotInterval() == 0 || index == promptLength / BLOCK - 1
                || index == (promptLength - 1) / BLOCK - 1;
    }

    /** Tokens of a prompt up to its last regular snapshot that is no further than {@code numTokens}. */
    int lastRegularSnapshot(int promptLength, int numTokens) {
        int index = numTokens / BLOCK - 1;
        while (index >= 0 && !isRegularSnapshotBlock(promptLength, index)) {
            index--;
        }
        return (index + 1) * BLOCK;
    }

    /** The next block that a prefilling sequence leaves a snapshot of, {@link Integer#MAX_VALUE} when none. */
    int nextSnapshotBlock(Sequence sequence) {
        for (int index = sequence.numScheduled / BLOCK; index < sequence.blockKeys.length; index++) {
            if (isSnapshotBlock(sequence, index)) {
                return index;
            }
        }
        return Integer.MAX_VALUE;
    }

    /**
     * A pinned snapshot of the conv state after the last token of a prompt, which is computed in this step and whose
     * snapshots have been planned, or {@link ForwardBatch#NO_SNAPSHOT}.
     */
    int snapshotPromptEnd(Sequence leader, int lastToken, ForwardBatch batch) {
        int last = numWritten - 1;
        if (last >= 0 && snapshotWriters[last] == leader
                && (snapshotBlocks[last] + 1) * BLOCK == leader.numToPrefill) {
            cache.pinSnapshot(writtenSnapshots[last]);
            return writtenSnapshots[last];
        }
        int snapshot = cache.takeSnapshot();
        if (snapshot != ForwardBatch.NO_SNAPSHOT) {
            batch.writeSnapshot(lastToken, snapshot);
        }
        return snapshot;
    }

    /** The caller of {@link #snapshotPromptEnd} has handed it to all forks. */
    void unpin(int snapshot) {
        cache.unpinSnapshot(snapshot);
    }

    /** A prefill chunk's tokens stand in the sequence's blocks; they can be found after {@link #endStep}. */
    void setChunk(Sequence sequence, int from, int to) {
        setTokens(sequence, from, to);
        chunked[numChunked++] = sequence;
    }

    /**
     * Gives a choice the prompt that its leader computes in this step: shared full blocks, a block of its own for the
     * rest, and the conv state after the last token from {@code snapshot}, which gets one more pin.
     */
    void fork(Sequence leader, Sequence fork, int snapshot, ForwardBatch batch) {
        int promptLength = leader.numToPrefill;
        int numShared = promptLength / BLOCK;
        takeSlot(fork);
        for (int i = 0; i < numShared; i++) {
            cache.retain(leader.blocks[i]);
            append(fork, leader.blocks[i], batch);
        }
        fork.numCommitted = Math.min(leader.numCommitted, numShared);
        fork.chainKey = leader.chainKey;
        if (promptLength % BLOCK != 0) {
            int own = cache.take();
            forkFrom[numForkCopies] = leader.blocks[numShared];
            forkTo[numForkCopies++] = own;
            append(fork, own, batch);
        }
        cache.pinSnapshot(snapshot);
        fork.initialSnapshot = snapshot;
        fork.numScheduled = promptLength;
    }

    /** Gives back all that a sequence holds on the device, its last block first. */
    void release(Sequence sequence) {
        promise(sequence, 0);
        for (int i = sequence.numBlocks - 1; i >= 0; i--) {
            cache.release(sequence.blocks[i]);
        }
        sequence.numBlocks = 0;
        sequence.numCommitted = 0;
        if (sequence.initialSnapshot != ForwardBatch.NO_SNAPSHOT) {
            cache.unpinSnapshot(sequence.initialSnapshot);
            sequence.initialSnapshot = ForwardBatch.NO_SNAPSHOT;
        }
        if (sequence.writtenSnapshot != ForwardBatch.NO_SNAPSHOT) {
            dropWrittenSnapshot(sequence);
        }
        slots.release(sequence);
        convSlots.release(sequence.convSlot);
        sequence.convSlot = -1;
    }

    private void dropWrittenSnapshot(Sequence sequence) {
        cache.unpinSnapshot(sequence.writtenSnapshot);
        sequence.writtenSnapshot = ForwardBatch.NO_SNAPSHOT;
    }

    /** Whether a sequence's blocks and conv state can go to host memory with this batch. */
    boolean canSwapOut(Sequence sequence, ForwardBatch batch) {
        return sequence.numScheduled > 0 && sequence.initialSnapshot == ForwardBatch.NO_SNAPSHOT
                && hostSlots.numFree() > 0 && hostBlocks.numFree() >= numUsedBlocks(sequence)
                && batch.copyRoom() > numUsedBlocks(sequence);
    }

    private static int numUsedBlocks(Sequence sequence) {
        return ModelLimits.blocksFor(sequence.numScheduled);
    }

    void swapOut(Sequence sequence, ForwardBatch batch) {
        int[] host = new int[numUsedBlocks(sequence)];
        for (int i = 0; i < host.length; i++) {
            host[i] = hostBlocks.take();
            batch.addCopy(Copy.BLOCK_TO_HOST, sequence.blocks[i], host[i]);
        }
        sequence.hostBlocks = host;
        sequence.hostSlot = hostSlots.take();
        batch.addCopy(Copy.SLOT_TO_HOST, sequence.convSlot, sequence.hostSlot);
    }

    boolean canSwapIn(Sequence sequence, ForwardBatch batch) {
        int numBlocks = sequence.hostBlocks.length;
        return cache.numAvailable() >= numBlocks && batch.copyRoom() > numBlocks
                && batch.blockUpdateRoom() >= numBlocks;
    }

    /** Brings a swapped sequence back to blocks and a slot of its own. */
    void swapIn(Sequence sequence, ForwardBatch batch) {
        takeSlot(sequence);
        sequence.chainKey = sequence.request.options().cacheSalt();
        for (int hostBlock : sequence.hostBlocks) {
            int block = cache.take();
            batch.addCopy(Copy.BLOCK_FROM_HOST, hostBlock, block);
            append(sequence, block, batch);
        }
        batch.addCopy(Copy.SLOT_FROM_HOST, sequence.hostSlot, sequence.convSlot);
        releaseHost(sequence);
        setTokens(sequence, 0, Math.min(sequence.numTokens, sequence.numBlocks * BLOCK));
    }

    void releaseHost(Sequence sequence) {
        for (int hostBlock : sequence.hostBlocks) {
            hostBlocks.release(hostBlock);
        }
        hostSlots.release(sequence.hostSlot);
        sequence.hostBlocks = new int[0];
        sequence.hostSlot = -1;
    }

    int numFreeHostBlocks() {
        return hostBlocks.numFree();
    }

    int numFreeHostSlots() {
        return hostSlots.numFree();
    }

    long numPromised() {
        return numPromised;
    }

    ModelLimits limits() {
        return limits;
    }
}
