package io.penstock.scheduler;

/**
 * Counts by size. One thread records, which costs it a search and two additions; any other may read, and sees counts
 * that were true a moment ago.
 */
public final class Histogram {
    private final double[] upperBounds;
    private final long[] counts;
    private double sum;

    /** @param upperBounds rising; what is above the last one is counted too */
    public Histogram(double... upperBounds) {
        this.upperBounds = upperBounds.clone();
        counts = new long[upperBounds.length + 1];
    }

    /** Counts one value. */
    public void record(double value) {
        record(value, 1);
    }

    /** Counts a value so many times. */
    public void record(double value, int times) {
        int low = 0;
        int high = upperBounds.length;
        while (low < high) {
            int middle = low + high >>> 1;
            if (value <= upperBounds[middle]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        counts[low] += times;
        sum += value * times;
    }

    /** The buckets' upper bounds, without the last bucket's. */
    public double[] upperBounds() {
        return upperBounds.clone();
    }

    /** Values in one bucket alone; the last one is above all bounds. */
    public long count(int bucket) {
        return counts[bucket];
    }

    /** Of all values. */
    public double sum() {
        return sum;
    }
}
