package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.TokenGrammar;
import java.util.Arrays;
import java.util.Set;

/**
 * One token stream: a choice of a request. Fields are the scheduler's, and written by its thread alone.
 *
 * <p>Three counts tell where it is. {@code numTokens} are known: the prompt and the outputs that came back.
 * {@code numScheduled} have their keys and values in the blocks once all launched steps are done. {@code numSampled}
 * outputs are known or on their way. While it decodes, {@link DecodeSlots} has the counts.
 */
final class Sequence {
    private static final int[] NOTHING = {};

    enum State {
        /** A choice that waits for its prompt to be computed by another one. */
        PENDING,
        /** In the queue: not begun, or preempted. */
        WAITING,
        PREFILL,
        DECODE,
        FINISHED
    }

    final Request request;
    final int choice;
    final SamplingParams params;
    final OutputQueue output;
    final int maxTokens;

    /** Ids that end it; the same array in all sequences that have no stop ids of their own. */
    final int[] endTokenIds;

    /** Words that a row takes in the output. */
    final int rowWords;
    final long deadlineNs;
    State state = State.PENDING;

    int numTokens;
    int numScheduled;
    int numSampled;
    int convSlot = -1;

    /** What the output may go on with behind the tokens that came back; null for anything. */
    TokenGrammar.State grammar;
    int initialSnapshot = ForwardBatch.NO_SNAPSHOT;

    /** Tokens to prefill: the prompt, or after a preemption all known tokens. Empty while blocks hold them. */
    int[] tokenIds = NOTHING;
    long[] blockKeys = {};
    int numToPrefill;

    int numComputedBefore;
    boolean wasDecoding;

    int[] blocks = NOTHING;
    int numBlocks;
    int numCommitted;
    long chainKey;
    int expectedBlocks;
    int writtenSnapshot = ForwardBatch.NO_SNAPSHOT;
    int writtenSnapshotBlock;

    /** The next block of the prompt that gets a snapshot; {@link Integer#MAX_VALUE} when none is to come. */
    int nextSnapshotBlock = Integer.MAX_VALUE;

    /** Tokens of the prompt behind which others that wait part from it, where a snapshot is wanted; 0 for none. */
    int sharedEnd;

    int[] hostBlocks = NOTHING;
    int hostSlot = -1;
    int numCachedTokens;
    int numPreemptions;
    long preemptedStep = -1;

    /** Neighbours in the waiting queue. */
    Sequence previous;
    Sequence next;
    WaitingQueue.Level level;

    Sequence(Request request, int choice, SamplingParams params, int[] eosTokenIds) {
        this.request = request;
        this.choice = choice;
        this.params = params;
        endTokenIds = endTokenIds(params, eosTokenIds);
        TokenGrammar demanded = params.constraints().grammar();
        grammar = demanded == null ? null : demanded.start();
        maxTokens = params.stop().maxTokens();
        output = request.output();
        rowWords = OutputQueue.rowWords(params.numLogprobs());
        this.deadlineNs = request.options().deadlineNs();
        numTokens = request.promptLength();
        chainKey = request.options().cacheSalt();
    }

    private static int[] endTokenIds(SamplingParams params, int[] eosTokenIds) {
        Set<Integer> stopIds = params.stop().stopTokenIds();
        // An output of a demanded form has an end, whatever else is wished for.
        boolean ignoresEos = params.stop().ignoreEos() && params.constraints().grammar() == null;
        int numEos = ignoresEos ? 0 : eosTokenIds.length;
        if (stopIds.isEmpty()) {
            return numEos == 0 ? NOTHING : eosTokenIds;
        }
        int[] ids = Arrays.copyOf(eosTokenIds, numEos + stopIds.size());
        int at = numEos;
        for (int id : stopIds) {
            ids[at++] = id;
        }
        return ids;
    }

    /** Becomes the one that computes the prompt. */
    void takePrompt() {
        tokenIds = request.promptTokenIds();
        blockKeys = request.promptBlockKeys();
        numToPrefill = tokenIds.length;
    }

    /** Output tokens that are known. */
    int numOutput() {
        return numTokens - request.promptLength();
    }

    /** Whether its next step waits for a token on its way, which decides what may follow. */
    boolean waitsForToken() {
        return grammar != null && numSampled > numOutput();
    }

    boolean isRunning() {
        return state == State.PREFILL || state == State.DECODE;
    }

    boolean isSwapped() {
        return hostSlot >= 0;
    }

    /** Whether it goes before another one: by priority, then by submission, then by choice. */
    boolean isBefore(Sequence other) {
        int priority = request.options().priority();
        int otherPriority = other.request.options().priority();
        if (priority != otherPriority) {
            return priority < otherPriority;
        }
        if (request.order != other.request.order) {
            return request.order < other.request.order;
        }
        return choice < other.choice;
    }
}
