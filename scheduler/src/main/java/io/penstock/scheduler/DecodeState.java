package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;

/**
 * What of a sequence each decode step reads and writes, side by side in memory: with thousands of sequences a step
 * costs as much as it touches cache lines.
 */
abstract class DecodeState {
    /** How many rows are touched at once. */
    static final int NUM_TOUCHED = 16;

    static final int NO_SLOT = -1;

    final long requestId;
    final OutputQueue output;
    final int choice;
    final int maxTokens;

    /** Words that a row takes in the output. */
    final int rowWords;
    Sequence.State state = Sequence.State.PENDING;

    int numTokens;
    int numScheduled;
    int numSampled;
    int numOutput;
    int lastTokenId;
    int convSlot = -1;
    int initialSnapshot = ForwardBatch.NO_SNAPSHOT;
    long scheduledStep = -1;

    /** Where the block of the last decoded token begins, in tokens of all blocks; {@link #NO_SLOT} before the first. */
    int blockSlot = NO_SLOT;

    DecodeState(Request request, int choice, int maxTokens, int numLogprobs) {
        this.choice = choice;
        this.maxTokens = maxTokens;
        requestId = request.id();
        output = request.output();
        rowWords = OutputQueue.rowWords(numLogprobs);
    }

    /**
     * Reads the first and the last of its cache lines. Called for a few rows before their work begins: these misses
     * wait for memory all at once, those in the midst of the work one after the other.
     */
    final long touch() {
        return requestId + (output == null ? 1 : 0);
    }
}
