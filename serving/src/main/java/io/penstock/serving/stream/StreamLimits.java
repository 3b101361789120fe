package io.penstock.serving.stream;

import io.penstock.runtime.InputException;
import java.util.concurrent.TimeUnit;

/**
 * The bounds of what is held for clients, so that none of them costs memory without end.
 *
 * @param maxOpenSequences choices that one event loop has open at once; one more is refused
 * @param maxEncodingRequests requests that wait to be tokenized; one more is refused
 * @param maxHeldTokens tokens of one request kept for a client that does not read; with more it is cut off
 * @param slowReaderNs how long a client may take nothing while something is kept for it; then it is cut off
 * @param coalesceNs output that comes within this time is written together where streams are many; with few it goes
 *     at once
 */
public record StreamLimits(
        int maxOpenSequences, int maxEncodingRequests, int maxHeldTokens, long slowReaderNs, long coalesceNs) {
    /** What a server has unless told otherwise. */
    public static final StreamLimits DEFAULTS = new StreamLimits(
            65_536, 8_192, 16_384, TimeUnit.SECONDS.toNanos(30), TimeUnit.MILLISECONDS.toNanos(5));

    public StreamLimits {
        requirePositive("max_open_sequences", maxOpenSequences);
        requirePositive("max_encoding_requests", maxEncodingRequests);
        requirePositive("max_held_tokens", maxHeldTokens);
        requirePositive("slow_reader_ns", slowReaderNs);
        if (coalesceNs < 0) {
            throw new InputException("coalesce_ns must be at least 0, not " + coalesceNs);
        }
    }

    private static void requirePositive(String name, long value) {
        if (value < 1) {
            throw new InputException(name + " must be at least 1, not " + value);
        }
    }

    public StreamLimits withMaxHeldTokens(int tokens) {
        return new StreamLimits(maxOpenSequences, maxEncodingRequests, tokens, slowReaderNs, coalesceNs);
    }

    public StreamLimits withSlowReaderNs(long ns) {
        return new StreamLimits(maxOpenSequences, maxEncodingRequests, maxHeldTokens, ns, coalesceNs);
    }

    public StreamLimits withMaxOpenSequences(int sequences) {
        return new StreamLimits(sequences, maxEncodingRequests, maxHeldTokens, slowReaderNs, coalesceNs);
    }

    public StreamLimits withCoalesceNs(long ns) {
        return new StreamLimits(maxOpenSequences, maxEncodingRequests, maxHeldTokens, slowReaderNs, ns);
    }
}
