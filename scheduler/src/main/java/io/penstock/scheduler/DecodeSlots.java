package io.penstock.scheduler;

import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.memory.BlockTokens;

/**
 * Who holds each conv slot, and what of a decoding sequence each step reads and writes, in arrays by conv slot: with
 * thousands of sequences a step costs as much as the cache lines that it touches. No step stores a reference, so the
 * garbage collector has no part in it.
 *
 * <p>While a sequence decodes, its counts are here and those in the {@link Sequence} are old until {@link #save}.
 */
final class DecodeSlots {
    /** In {@link #blockSlots}: to be looked up, by a sequence that begins to decode or must be looked at each step. */
    static final int NO_BLOCK = Integer.MIN_VALUE;

    private static final int BLOCK = ModelLimits.BLOCK_TOKENS;

    private final int maxModelLen;
    private final Step[] steps;
    private final Sequence[] owners;

    /** {@link Sequence#numTokens} and {@link Sequence#numScheduled} of those that decode. */
    final int[] numTokens;
    final int[] numScheduled;

    /** Tokens that a decoding sequence has at its end at most; 0 where nothing decodes. */
    final int[] endLengths;

    /** Where the block of the last decoded token begins, in tokens of all blocks, or {@link #NO_BLOCK}. */
    final int[] blockSlots;

    /** Words that a row takes in the output. */
    final int[] rowWords;
    final OutputQueue[] outputs;
    final long[] requestIds;
    final int[] choices;
    final int[][] endTokenIds;

    /** The known tokens of each decoding sequence's last block, [conv slots, 64]. */
    private final int[] lastTokens;

    /** @param steps those that may be in flight */
    DecodeSlots(ModelLimits limits, Step[] steps) {
        maxModelLen = limits.maxModelLen();
        this.steps = steps;
        int size = limits.numConvSlots();
        owners = new Sequence[size];
        numTokens = new int[size];
        numScheduled = new int[size];
        endLengths = new int[size];
        blockSlots = new int[size];
        rowWords = new int[size];
        outputs = new OutputQueue[size];
        requestIds = new long[size];
        choices = new int[size];
        endTokenIds = new int[size][];
        lastTokens = new int[Math.multiplyExact(size, BLOCK)];
    }

    Sequence owner(int convSlot) {
        return owners[convSlot];
    }

    /** A sequence has taken its conv slot. */
    void hold(Sequence sequence) {
        owners[sequence.convSlot] = sequence;
        outputs[sequence.convSlot] = sequence.output;
        rowWords[sequence.convSlot] = sequence.rowWords;
    }

    /** A sequence begins to decode, or goes on to: its known tokens are all in its {@code tokenIds}. */
    void enter(Sequence sequence) {
        int slot = sequence.convSlot;
        sequence.state = Sequence.State.DECODE;
        numTokens[slot] = sequence.numTokens;
        numScheduled[slot] = sequence.numScheduled;
        endLengths[slot] = (int) Math.min(maxModelLen, (long) sequence.request.promptLength() + sequence.maxTokens);
        blockSlots[slot] = NO_BLOCK;
        requestIds[slot] = sequence.request.id();
        choices[slot] = sequence.choice;
        endTokenIds[slot] = sequence.endTokenIds;
        int from = sequence.numTokens / BLOCK * BLOCK;
        System.arraycopy(sequence.tokenIds, from, lastTokens, slot * BLOCK, sequence.numTokens - from);
    }

    /** Brings the counts of a sequence up to date. */
    void save(Sequence sequence) {
        if (sequence.state == Sequence.State.DECODE) {
            sequence.numTokens = numTokens[sequence.convSlot];
            sequence.numScheduled = numScheduled[sequence.convSlot];
            sequence.numSampled = sequence.numScheduled - sequence.request.promptLength() + 1;
        }
    }

    /** A sequence gives its conv slot back; steps in flight remember whose it was. */
    void release(Sequence sequence) {
        int slot = sequence.convSlot;
        for (Step step : steps) {
            step.left(sequence);
        }
        owners[slot] = null;
        outputs[slot] = null;
        endTokenIds[slot] = null;
        endLengths[slot] = 0;
    }

    /** Adds a token behind those that are known. */
    void addToken(int convSlot, int position, int tokenId) {
        lastTokens[convSlot * BLOCK + position % BLOCK] = tokenId;
        numTokens[convSlot] = position + 1;
    }

    /** Copies the last block's tokens, of which the block that was just completed has all. */
    void copyBlock(int convSlot, BlockTokens tokens, int block) {
        tokens.set(block, 0, lastTokens, convSlot * BLOCK, BLOCK);
    }

    /** Copies the known tokens of the last, partial block. */
    void copyTail(int convSlot, int count, int[] ids, int idsFrom) {
        System.arraycopy(lastTokens, convSlot * BLOCK, ids, idsFrom, count);
    }
}
