package io.penstock.bench.loadgen.canned;

/**
 * What a canned server answers.
 *
 * @param outputTokens of an answer whose request asks for no number
 * @param firstDelayNs from a request to its first token
 * @param gapNs between tokens
 * @param tokensPerEvent that come together
 * @param fault what goes wrong
 */
public record CannedOptions(int outputTokens, long firstDelayNs, long gapNs, int tokensPerEvent, Fault fault) {
    /** What goes wrong with each answer. */
    public enum Fault {
        NONE,
        /** The API key is wrong. */
        UNAUTHORIZED,
        /** There is no such model. */
        NO_MODEL,
        /** The server cannot answer now. */
        UNAVAILABLE,
        /** The connection ends behind the third event. */
        CLOSES,
        /** The third event is an error. */
        ERROR_EVENT,
        /** The third event is no JSON. */
        GARBAGE
    }

    public CannedOptions {
        if (outputTokens < 1 || firstDelayNs < 0 || gapNs < 0 || tokensPerEvent < 1) {
            throw new IllegalArgumentException("output tokens " + outputTokens + ", delays " + firstDelayNs + " and "
                    + gapNs + ", " + tokensPerEvent + " tokens in an event");
        }
    }

    /** One token an event, and nothing wrong. */
    public static CannedOptions of(int outputTokens, long firstDelayNs, long gapNs) {
        return new CannedOptions(outputTokens, firstDelayNs, gapNs, 1, Fault.NONE);
    }

    /** The same, failing. */
    public CannedOptions with(Fault wrong) {
        return new CannedOptions(outputTokens, firstDelayNs, gapNs, tokensPerEvent, wrong);
    }
}
