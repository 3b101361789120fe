package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.TokenGrammar;

/**
 * What of a sequence each decode step reads and writes, side by side in memory: with thousands of sequences a step
 * costs as much as it touches cache lines.
 */
abstract class DecodeState {
    static final int NO_SLOT = -1;

    final long requestId;
    final OutputQueue output;
    final int choice;
    final int maxTokens;
    final int[] endTokenIds;

    /** Words that a row takes in the output. */
    final int rowWords;
    Sequence.State state = Sequence.State.PENDING;

    int numTokens;
    int numScheduled;
    int numSampled;
    int numOutput;
    int lastTokenId;
    int convSlot = -1;

    /** What the output may go on with behind the tokens that came back; null for anything. */
    TokenGrammar.State grammar;
    int initialSnapshot = ForwardBatch.NO_SNAPSHOT;
    long scheduledStep = -1;

    /** Where the block of the last decoded token begins, in tokens of all blocks; {@link #NO_SLOT} before the first. */
    int blockSlot = NO_SLOT;

    DecodeState(Request request, int choice, SamplingParams params, int[] endTokenIds) {
        this.choice = choice;
        this.endTokenIds = endTokenIds;
        TokenGrammar demanded = params.constraints().grammar();
        grammar = demanded == null ? null : demanded.start();
        maxTokens = params.stop().maxTokens();
        requestId = request.id();
        output = request.output();
        rowWords = OutputQueue.rowWords(params.numLogprobs());
    }
}
