package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.memory.PrefixCache;
import java.util.Arrays;

/**
 * Where prompts part from each other. A sequence that is admitted while others wait leaves a snapshot behind the tokens
 * that it has in common with them, and, where those end within a block, a partial block, so that a common prompt is
 * computed once however short it is and wherever it ends. Nothing is kept for a prefix that nobody waits for.
 */
final class SharedPrefixes {
    /** Partial blocks of one step. */
    static final int MAX_WRITTEN = 8;

    /** Waiting sequences that an admitted one is compared with. */
    private static final int MAX_COMPARED = 16;

    /** Longer prompts are not compared: what a partial block saves of them is little. */
    private static final int MAX_COMPARED_TOKENS = 4_096;

    private static final int BLOCK = ModelLimits.BLOCK_TOKENS;
    private static final int MIN = PrefixCache.MIN_PARTIAL_TOKENS;

    private final SequenceMemory memory;
    private final PrefixCache cache;
    private final int[] common = new int[MAX_COMPARED];
    private final Sequence[] writers = new Sequence[MAX_WRITTEN];
    private final int[] blocks = new int[MAX_WRITTEN];
    private final int[] snapshots = new int[MAX_WRITTEN];
    private int numWritten;

    SharedPrefixes(SequenceMemory memory) {
        this.memory = memory;
        cache = memory.cache();
    }

    /** Sets where those that wait part from a sequence that was admitted with its prefix hit. */
    void choose(Sequence sequence, WaitingQueue waiting) {
        sequence.sharedEnd = 0;
        int number = 0;
        if (sequence.numToPrefill <= MAX_COMPARED_TOKENS) {
            for (Sequence other = waiting.first(); other != null && number < MAX_COMPARED;
                    other = waiting.after(other)) {
                common[number++] = numCommon(sequence, other);
            }
        }
        long best = 0;
        for (int i = 0; i < number; i++) {
            int end = common[i] % BLOCK < MIN ? common[i] / BLOCK * BLOCK : common[i];
            int known = Math.max(sequence.numScheduled, memory.lastRegularSnapshot(sequence.numToPrefill, end));
            long saved = end - known < MIN ? 0 : (long) (end - known) * numAtLeast(end, number);
            if (saved > best) {
                best = saved;
                sequence.sharedEnd = end;
            }
        }
    }

    private int numAtLeast(int end, int number) {
        int numOthers = 0;
        for (int i = 0; i < number; i++) {
            numOthers += common[i] >= end ? 1 : 0;
        }
        return numOthers;
    }

    /** Tokens in common, of which both leave one at least to compute. */
    private static int numCommon(Sequence sequence, Sequence other) {
        int limit = Math.min(sequence.numToPrefill, other.numToPrefill) - 1;
        if (limit < MIN || other.isSwapped() || !haveOneSalt(sequence, other)) {
            return 0;
        }
        int at = Arrays.mismatch(sequence.tokenIds, 0, limit, other.tokenIds, 0, limit);
        return at < 0 ? limit : at;
    }

    private static boolean haveOneSalt(Sequence sequence, Sequence other) {
        return sequence.request.options().cacheSalt() == other.request.options().cacheSalt();
    }

    /**
     * Plans the snapshot and the partial block where a sequence's shared tokens end, if there is room for them.
     *
     * @param token the last shared one's place in the batch
     */
    void write(Sequence sequence, int token, ForwardBatch batch) {
        if (numWritten == MAX_WRITTEN || memory.numUnpromised() <= 0 || cache.numAvailable() == 0) {
            return;
        }
        int snapshot = cache.takeSnapshot();
        if (snapshot == ForwardBatch.NO_SNAPSHOT) {
            return;
        }
        batch.writeSnapshot(token, snapshot);
        writers[numWritten] = sequence;
        blocks[numWritten] = cache.take();
        snapshots[numWritten++] = snapshot;
    }

    /** Whether a partial block that this step writes makes a longer hit for a sequence than the one it has. */
    boolean isWrittenFor(Sequence sequence, int numHitTokens, int maxHitTokens) {
        for (int i = 0; i < numWritten; i++) {
            int end = writers[i].sharedEnd;
            if (end > numHitTokens && end <= maxHitTokens && haveOneSalt(sequence, writers[i])
                    && Arrays.equals(sequence.tokenIds, 0, end, writers[i].tokenIds, 0, end)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Makes findable what this step computes. The keys and values are copied before the next one computes.
     *
     * @return how many copies were put at {@code at} and behind
     */
    int endStep(int[] copyFrom, int[] copyTo, int at) {
        int numCopies = 0;
        for (int i = 0; i < numWritten; i++) {
            Sequence writer = writers[i];
            int index = writer.sharedEnd / BLOCK;
            // Not behind a block that is known to nobody: the cache was reset, or has the same content elsewhere.
            if (writer.isRunning() && (index == 0 || cache.isFindable(writer.blocks[index - 1]))) {
                cache.tokens().set(blocks[i], 0, writer.tokenIds, index * BLOCK, writer.sharedEnd % BLOCK);
                long salt = writer.request.options().cacheSalt();
                int known = cache.insertPartial(blocks[i], writer.sharedEnd % BLOCK,
                        index == 0 ? -1 : writer.blocks[index - 1],
                        index == 0 ? salt : writer.blockKeys[index - 1], salt);
                cache.keepSnapshot(snapshots[i], known);
                if (known == blocks[i]) {
                    copyFrom[at + numCopies] = writer.blocks[index];
                    copyTo[at + numCopies++] = known;
                }
            }
            cache.unpinSnapshot(snapshots[i]);
            cache.release(blocks[i]);
            writers[i] = null;
        }
        numWritten = 0;
        return numCopies;
    }
}
