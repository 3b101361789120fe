package io.penstock.bench.loadgen;

import java.nio.charset.StandardCharsets;

/**
 * What is noted of one request: when it was due and sent, when its tokens came, how it ended. The client reports; from
 * {@link #sent} on all of it comes from one event loop. Times are those of {@link System#nanoTime}, given by the
 * caller.
 */
public final class RequestRecord {
    /** What hears of a request's end, on the loop that saw it. */
    @FunctionalInterface
    public interface EndListener {
        void ended(RequestRecord record, long nowNs);
    }

    /** The parts of a run. */
    public enum Phase { RAMP, STEADY, DRAIN }

    /** What answers are kept for: later turns, our own count of their tokens, a detailed result. */
    public record Kept(boolean text, boolean tokenIds, boolean times) {
        public static final Kept NOTHING = new Kept(false, false, false);
    }

    /** What the load knows that all requests are in. */
    public interface Run {
        Phase phase();

        /** The counts of the calling event loop. */
        LoopCounts counts(int loop);
    }

    private final LoadRequest request;
    private final Run run;
    private final Kept kept;
    private final EndListener listener;
    private final long dueNs;

    private LoopCounts counts;
    private long sentNs;
    private long firstNs;
    private long lastNs;
    private long endNs;
    private int numEvents;
    private long numTokensSeen;
    private final long[] unitsByPhase = new long[Phase.values().length];
    private int promptTokens;
    private int completionTokens;
    private int cachedTokens;
    private FailureKind failure;
    private String message;
    private boolean isEnded;
    private final Bytes text;
    private final Ints tokenIds;
    private final Longs times;

    /** @param dueNs from which its times are counted: when it should have been sent */
    public RequestRecord(LoadRequest request, Run run, Kept kept, long dueNs, EndListener listener) {
        this.request = request;
        this.run = run;
        this.kept = kept;
        this.dueNs = dueNs;
        this.listener = listener;
        text = kept.text() ? new Bytes() : null;
        tokenIds = kept.tokenIds() ? new Ints() : null;
        times = kept.times() ? new Longs() : null;
    }

    /** It goes out now, on a loop of the client. A request that has to go out again is sent again. */
    public void sent(int loop, long nowNs) {
        counts = run.counts(loop);
        sentNs = nowNs;
    }

    /**
     * Something to read came.
     *
     * @param units its size, in bytes of text or in token ids, to share the answer's tokens out over time
     * @param numTokens how many tokens it holds; 1 where the server does not say
     */
    public void tokens(long nowNs, int units, int numTokens) {
        if (isEnded) {
            return;
        }
        if (numEvents == 0) {
            firstNs = nowNs;
        } else {
            counts.gap(nowNs - lastNs);
        }
        lastNs = nowNs;
        numEvents++;
        numTokensSeen += numTokens;
        unitsByPhase[run.phase().ordinal()] += units;
        counts.tokens(nowNs, numTokens);
        if (times != null) {
            times.add(nowNs);
        }
    }

    /** What the server says it used; 0 for what it does not say. */
    public void usage(int prompt, int completion, int cached) {
        promptTokens = prompt;
        completionTokens = completion;
        cachedTokens = cached;
    }

    /** The whole answer came. One without a token in it is a failure. */
    public void completed(long nowNs) {
        if (numEvents == 0 && completionTokens == 0) {
            failed(nowNs, FailureKind.PROTOCOL, "the answer has no token in it");
        } else {
            if (numEvents == 0) {
                firstNs = nowNs;
                lastNs = nowNs;
            }
            end(nowNs);
        }
    }

    /** There will be no more of it. */
    public void failed(long nowNs, FailureKind kind, String why) {
        if (!isEnded) {
            failure = kind;
            message = why;
            end(nowNs);
        }
    }

    private void end(long nowNs) {
        if (!isEnded) {
            isEnded = true;
            endNs = nowNs;
            listener.ended(this, nowNs);
        }
    }

    public boolean isEnded() {
        return isEnded;
    }

    public LoadRequest request() {
        return request;
    }

    public Kept kept() {
        return kept;
    }

    public boolean isFailed() {
        return failure != null;
    }

    /** Null if it did not fail. */
    public FailureKind failure() {
        return failure;
    }

    /** Why it failed, in a line; null if it did not. */
    public String message() {
        return message;
    }

    public long dueNs() {
        return dueNs;
    }

    /** 0 if it never was. */
    public long sentNs() {
        return sentNs;
    }

    public long endNs() {
        return endNs;
    }

    /** From when it was due to its first token. */
    public long ttftNs() {
        return firstNs - dueNs;
    }

    /** From when it was due to its last token. */
    public long e2elNs() {
        return lastNs - dueNs;
    }

    /** Time per output token behind the first one, or -1 where there is none. */
    public double tpotNs() {
        int tokens = outputTokens();
        return tokens < 2 ? -1 : (double) (lastNs - firstNs) / (tokens - 1);
    }

    /** As the server counts, else as was known before. */
    public int inputTokens() {
        return promptTokens > 0 ? promptTokens : request.inputTokens();
    }

    /** As the server counts, else tokens that were seen. */
    public int outputTokens() {
        return completionTokens > 0 ? completionTokens : (int) numTokensSeen;
    }

    public int cachedTokens() {
        return cachedTokens;
    }

    /** Output tokens that came in a phase: by what came of the answer then. */
    public double outputTokens(Phase phase) {
        long all = 0;
        for (long units : unitsByPhase) {
            all += units;
        }
        return all == 0 ? 0 : (double) outputTokens() * unitsByPhase[phase.ordinal()] / all;
    }

    /** For the client to add the answer's text to; null unless it is kept. */
    public Bytes text() {
        return text;
    }

    /** For the client to add the answer's token ids to; null unless they are kept. */
    public Ints tokenIds() {
        return tokenIds;
    }

    /** When events with tokens came, from {@link System#nanoTime}; null unless kept. */
    public long[] times() {
        return times == null ? null : times.toArray();
    }

    /** The answer's text. */
    public String answer() {
        return new String(text.toArray(), StandardCharsets.UTF_8);
    }
}
