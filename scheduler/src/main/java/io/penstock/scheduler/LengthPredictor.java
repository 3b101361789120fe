package io.penstock.scheduler;

/**
 * How many tokens a sequence will still write: the running mean of the outputs that ended, and for one that is past
 * it a quarter of the mean or of what it has, whichever is more. Never above {@code max_tokens}.
 *
 * <p>The outputs that ended say little when long ones have just begun: those end last. So the mean is at least the
 * tokens written, by all that run, for each output that ended meanwhile.
 */
final class LengthPredictor {
    /** How many sequences the first guess counts for, and the length of the memory. */
    private static final int FIRST_WEIGHT = 8;
    private static final int WINDOW = 256;

    private double mean;
    private int numEnded = FIRST_WEIGHT;
    private double numWritten;

    LengthPredictor(int initialOutputTokens) {
        mean = initialOutputTokens;
    }

    /** Sequences, whether they end or not, have written so many more tokens. */
    void written(long numTokens) {
        numWritten += numTokens;
    }

    /** A sequence was ended from outside: what it wrote says nothing of how long outputs are. */
    void cutOff(int numOutputTokens) {
        numWritten = Math.max(0, numWritten - numOutputTokens);
    }

    void ended(int numOutputTokens) {
        if (numEnded == WINDOW) {
            numWritten -= numWritten / WINDOW;
        }
        numEnded = Math.min(numEnded + 1, WINDOW);
        mean += (numOutputTokens - mean) / numEnded;
    }

    double mean() {
        return Math.max(mean, numWritten / numEnded);
    }

    /** Output tokens in all that a sequence with {@code numOutput} of them is expected to have at its end. */
    int expectedOutput(int numOutput, int maxTokens) {
        double length = mean();
        double remaining = Math.max(length - numOutput, Math.max(length, numOutput) / 4);
        return (int) Math.min(maxTokens, Math.ceil(numOutput + remaining));
    }
}
