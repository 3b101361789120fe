package io.penstock.scheduler;

/**
 * How many tokens a sequence will still write: the running mean of the outputs that ended, and for one that is past
 * it a quarter of the mean or of what it has, whichever is more. Never above {@code max_tokens}.
 */
final class LengthPredictor {
    /** How many sequences the first guess counts for, and the length of the memory. */
    private static final int FIRST_WEIGHT = 8;
    private static final int WINDOW = 256;

    private double mean;
    private int numEnded = FIRST_WEIGHT;

    LengthPredictor(int initialOutputTokens) {
        mean = initialOutputTokens;
    }

    void ended(int numOutputTokens) {
        numEnded = Math.min(numEnded + 1, WINDOW);
        mean += (numOutputTokens - mean) / numEnded;
    }

    double mean() {
        return mean;
    }

    /** Output tokens in all that a sequence with {@code numOutput} of them is expected to have at its end. */
    int expectedOutput(int numOutput, int maxTokens) {
        double remaining = Math.max(mean - numOutput, Math.max(mean, numOutput) / 4);
        return (int) Math.min(maxTokens, Math.ceil(numOutput + remaining));
    }
}
