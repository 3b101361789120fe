package io.penstock.bench;

/**
 * How often a benchmark is run: always {@code minRuns} times, then until {@code maxTimeNs} have passed since its first
 * run or {@code maxRuns} are done.
 */
public record Repeats(int minRuns, int maxRuns, long maxTimeNs) {
    /** Seven runs at least, and what fits in ten seconds. */
    public static final Repeats DEFAULT = new Repeats(7, 1_000, 10_000_000_000L);

    public Repeats {
        if (minRuns < 1 || maxRuns < minRuns) {
            throw new IllegalArgumentException(
                    "runs are " + minRuns + " to " + maxRuns + ", 1 <= minRuns <= maxRuns is needed");
        }
        if (maxTimeNs < 0) {
            throw new IllegalArgumentException("maxTimeNs is " + maxTimeNs + ", at least 0 is needed");
        }
    }

    boolean wantsAnother(int numRuns, long passedNs) {
        return numRuns < minRuns || numRuns < maxRuns && passedNs < maxTimeNs;
    }
}
