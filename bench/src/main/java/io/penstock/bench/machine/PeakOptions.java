package io.penstock.bench.machine;

/**
 * How {@link MachinePeaks} measures.
 *
 * @param numThreads platform threads that read and compute at the same time
 * @param bufferBytes off-heap memory of all threads together; several times the last-level cache, else it measures that
 * @param warmUpNs how long the rate must have stopped growing before it counts as warm, once for each peak
 * @param runNs length of one run
 * @param numRuns runs of each peak in a sample
 */
public record PeakOptions(int numThreads, long bufferBytes, long warmUpNs, long runNs, int numRuns) {
    private static final long MIN_BUFFER_BYTES = 512L << 20;
    private static final long MAX_BUFFER_BYTES = 4L << 30;
    private static final int BUFFER_PER_CACHE = 4;

    public PeakOptions {
        if (numThreads < 1 || numRuns < 1) {
            throw new IllegalArgumentException(
                    "numThreads is " + numThreads + " and numRuns " + numRuns + ", at least 1 of each is needed");
        }
        if (warmUpNs < 1 || runNs < 1) {
            throw new IllegalArgumentException(
                    "warmUpNs is " + warmUpNs + " and runNs " + runNs + ", at least 1 of each is needed");
        }
        if (bufferBytes < (long) numThreads * MachinePeaks.CHUNK_BYTES) {
            throw new IllegalArgumentException("bufferBytes is " + bufferBytes + ", at least "
                    + MachinePeaks.CHUNK_BYTES + " for each of " + numThreads + " threads is needed");
        }
    }

    /** Runs of 60 ms, nine to a sample, over a buffer of at least four times the machine's last-level cache. */
    public static PeakOptions of(MachineInfo machine, int numThreads) {
        long bufferBytes = Math.clamp(BUFFER_PER_CACHE * machine.lastLevelCacheBytes(), MIN_BUFFER_BYTES,
                MAX_BUFFER_BYTES);
        return new PeakOptions(numThreads, bufferBytes, 500_000_000L, 60_000_000L, 9);
    }
}
