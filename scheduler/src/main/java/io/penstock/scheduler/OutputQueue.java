package io.penstock.scheduler;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.scheduler.OutputHandler.Finish;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way out of the engine to one front: a ring of words with one writer, the engine, and one reader. The engine
 * never waits. It plans a row only if its tokens have room, so the sequences of a front that does not read pause, and
 * only they.
 *
 * <pre>
 *   word 0: request id
 *   word 1: kind (4 bits) | choice or prompt position (28) | token id or finish reason (32)
 *   logprobs: rank | logprob, number of alternatives, then each: token id | logprob
 *   finish:   stop token | output tokens, cached tokens | preemptions
 * </pre>
 */
public final class OutputQueue {
    private static final Logger LOG = LoggerFactory.getLogger(OutputQueue.class);
    private static final VarHandle WORDS_WRITTEN;
    private static final VarHandle WORDS_READ;
    private static final int TOKEN = 0;
    private static final int TOKEN_LOGPROBS = 1;
    private static final int PROMPT_LOGPROBS = 2;
    private static final int FINISHED = 3;
    static final int TOKEN_WORDS = 2;
    private static final int FINISH_WORDS = 4;
    private static final FinishReason[] REASONS = FinishReason.values();

    static {
        try {
            WORDS_WRITTEN = MethodHandles.lookup().findVarHandle(OutputQueue.class, "wordsWritten", long.class);
            WORDS_READ = MethodHandles.lookup().findVarHandle(OutputQueue.class, "wordsRead", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long[] words;
    private final int mask;
    private final int maxSequences;
    private final Runnable onOutput;
    private final AtomicInteger numSequences = new AtomicInteger();
    private final AtomicBoolean isSignalled = new AtomicBoolean();

    // Written by the reader and the engine respectively, read by the other.
    private long wordsRead;
    private long wordsWritten;

    // The engine's own.
    private long writeIndex;
    private long numReserved;
    private long readSeen;
    boolean isTouched;

    /**
     * Memory: 8 bytes for each of {@code numWords}, rounded up to a power of two. A token takes 2 words, with k
     * alternatives 4 + k; besides, 4 words are set aside for the end of each sequence.
     *
     * @param maxSequences sequences that may be open at once
     * @param onOutput called by the engine when there is something to read and the reader has not been told yet: must
     *     return at once
     */
    public OutputQueue(int maxSequences, int numWords, Runnable onOutput) {
        long needed = (long) maxSequences * FINISH_WORDS + Math.max(numWords, maxRowWords() * 2);
        if (maxSequences < 1 || needed > 1 << 30) {
            throw new IllegalArgumentException("maxSequences " + maxSequences + ", numWords " + numWords);
        }
        this.maxSequences = maxSequences;
        this.onOutput = onOutput;
        int size = Math.toIntExact(Long.highestOneBit(needed - 1) * 2);
        words = new long[size];
        mask = size - 1;
    }

    private static int maxRowWords() {
        return rowWords(SamplingParams.MAX_LOGPROBS);
    }

    /** Words of a row with so many alternatives; -1 for no log probabilities. */
    static int rowWords(int numTopLogprobs) {
        return numTopLogprobs < 0 ? TOKEN_WORDS : TOKEN_WORDS + 2 + numTopLogprobs;
    }

    /** Sets aside the ends of so many sequences; false when too many are open. Called on the front's thread. */
    boolean open(int count) {
        if (numSequences.addAndGet(count) > maxSequences) {
            numSequences.addAndGet(-count);
            return false;
        }
        return true;
    }

    /** Gives back what {@link #open} set aside, for sequences that never reach the engine. */
    void cancelOpen(int count) {
        numSequences.addAndGet(-count);
    }

    /** Sequences whose end has not been read. */
    public int numOpenSequences() {
        return numSequences.get();
    }

    /** Sets room aside for a row that is about to be planned; false when there is none. */
    boolean reserve(int numWords) {
        long room = words.length - (long) maxSequences * FINISH_WORDS - numReserved;
        if (room - (writeIndex - readSeen) < numWords) {
            readSeen = (long) WORDS_READ.getAcquire(this);
            if (room - (writeIndex - readSeen) < numWords) {
                return false;
            }
        }
        numReserved += numWords;
        return true;
    }

    /** A planned row has come back, or never will. */
    void unreserve(int numWords) {
        numReserved -= numWords;
    }

    long numReservedWords() {
        return numReserved;
    }

    void writeToken(long requestId, int choice, int tokenId) {
        int at = (int) writeIndex & mask;
        words[at] = requestId;
        words[at + 1 & mask] = head(TOKEN, choice, tokenId);
        writeIndex += TOKEN_WORDS;
    }

    void writeTokenLogprobs(long requestId, int choice, StepResult result, int row) {
        writeLogprobs(TOKEN_LOGPROBS, requestId, choice, result, row);
    }

    void writePromptLogprobs(long requestId, int position, StepResult result, int row) {
        writeLogprobs(PROMPT_LOGPROBS, requestId, position, result, row);
    }

    private void writeLogprobs(int kind, long requestId, int choiceOrPosition, StepResult result, int row) {
        put(requestId);
        put(head(kind, choiceOrPosition, result.tokenId(row)));
        put(pair(result.rank(row), Float.floatToRawIntBits(result.logprob(row))));
        int numTop = result.numTopLogprobs(row);
        put(numTop);
        for (int i = 0; i < numTop; i++) {
            put(pair(result.topTokenId(row, i), Float.floatToRawIntBits(result.topLogprob(row, i))));
        }
    }

    void writeFinish(Sequence sequence, FinishReason reason, int stopTokenId) {
        put(sequence.request.id());
        put(head(FINISHED, sequence.choice, reason.ordinal()));
        put(pair(stopTokenId, sequence.numOutput()));
        put(pair(sequence.numCachedTokens, sequence.numPreemptions));
    }

    private void put(long word) {
        words[(int) writeIndex++ & mask] = word;
    }

    private static long head(int kind, int choiceOrPosition, int low) {
        return (long) kind << 60 | (long) choiceOrPosition << 32 | low & 0xFFFFFFFFL;
    }

    private static long pair(int high, int low) {
        return (long) high << 32 | low & 0xFFFFFFFFL;
    }

    /** Makes everything written so far visible, and tells the reader once. */
    void publish() {
        WORDS_WRITTEN.setVolatile(this, writeIndex);
        if (isSignalled.compareAndSet(false, true)) {
            signal();
        }
    }

    private void signal() {
        try {
            onOutput.run();
        } catch (RuntimeException e) {
            // One front's failure must not end the requests of the others; it is told again with the next output.
            isSignalled.set(false);
            LOG.error("a front failed when it was told of output", e);
        }
    }

    /**
     * Hands over what is there, on the front's thread. Call it until it returns 0: the next signal comes with the next
     * step's output only. What the handler throws comes out here; the event that it was about is not handed over again.
     *
     * @param maxEvents where to stop
     * @return the number of events handed over
     */
    public int poll(OutputHandler handler, int maxEvents) {
        isSignalled.set(false);
        long end = (long) WORDS_WRITTEN.getVolatile(this);
        int numEvents = 0;
        while (wordsRead < end && numEvents < maxEvents) {
            numEvents++;
            deliver(wordsRead, handler);
        }
        return numEvents;
    }

    private void deliver(long at, OutputHandler handler) {
        long requestId = word(at);
        long head = word(at + 1);
        int kind = (int) (head >>> 60);
        int choice = (int) (head >>> 32) & 0x0FFFFFFF;
        int low = (int) head;
        switch (kind) {
            case TOKEN -> {
                WORDS_READ.setRelease(this, at + TOKEN_WORDS);
                handler.token(requestId, choice, low);
            }
            case FINISHED -> {
                long output = word(at + 2);
                long counts = word(at + 3);
                WORDS_READ.setRelease(this, at + FINISH_WORDS);
                // First, so that the handler may open the next sequence in the place of this one.
                numSequences.decrementAndGet();
                handler.finished(requestId, choice, new Finish(REASONS[low], (int) (output >> 32), (int) output,
                        (int) (counts >> 32), (int) counts));
            }
            default -> {
                var view = new RingLogprobs(at + TOKEN_WORDS);
                try {
                    if (kind == TOKEN_LOGPROBS) {
                        handler.tokenWithLogprobs(requestId, choice, low, view);
                    } else {
                        handler.promptLogprobs(requestId, choice, low, view);
                    }
                } finally {
                    WORDS_READ.setRelease(this, at + TOKEN_WORDS + 2 + view.numTopLogprobs());
                }
            }
        }
    }

    private long word(long index) {
        return words[(int) index & mask];
    }

    private final class RingLogprobs implements LogprobsView {
        private final long at;

        RingLogprobs(long at) {
            this.at = at;
        }

        @Override
        public float logprob() {
            return Float.intBitsToFloat((int) word(at));
        }

        @Override
        public int rank() {
            return (int) (word(at) >> 32);
        }

        @Override
        public int numTopLogprobs() {
            return (int) word(at + 1);
        }

        @Override
        public int topTokenId(int index) {
            return (int) (word(at + 2 + index) >> 32);
        }

        @Override
        public float topLogprob(int index) {
            return Float.intBitsToFloat((int) word(at + 2 + index));
        }
    }
}
