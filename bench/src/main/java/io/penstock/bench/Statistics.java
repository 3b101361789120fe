package io.penstock.bench;

import java.util.Arrays;

/** The order statistics of at least one finite sample; immutable, in the unit of the samples. */
public final class Statistics {
    private static final double RANK_ROUNDING = 1e-9;

    private final double[] sorted;
    private final double mean;
    private final double standardDeviation;

    private Statistics(double[] sorted) {
        this.sorted = sorted;
        double sum = 0;
        for (double sample : sorted) {
            sum += sample;
        }
        mean = sum / sorted.length;
        double squares = 0;
        for (double sample : sorted) {
            squares += (sample - mean) * (sample - mean);
        }
        standardDeviation = sorted.length == 1 ? 0 : Math.sqrt(squares / (sorted.length - 1));
    }

    /** Copies the samples; the order they come in does not matter. */
    public static Statistics of(double... samples) {
        if (samples.length == 0) {
            throw new IllegalArgumentException("statistics need at least one sample");
        }
        for (int i = 0; i < samples.length; i++) {
            if (!Double.isFinite(samples[i])) {
                throw new IllegalArgumentException("sample " + i + " is " + samples[i] + ", not a finite number");
            }
        }
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return new Statistics(sorted);
    }

    /** The statistics of these samples and those together. */
    public Statistics merge(Statistics other) {
        double[] both = Arrays.copyOf(sorted, sorted.length + other.sorted.length);
        System.arraycopy(other.sorted, 0, both, sorted.length, other.sorted.length);
        Arrays.sort(both);
        return new Statistics(both);
    }

    public int numSamples() {
        return sorted.length;
    }

    public double min() {
        return sorted[0];
    }

    public double max() {
        return sorted[sorted.length - 1];
    }

    public double mean() {
        return mean;
    }

    /** Of a sample (divisor n - 1); 0 for a single sample. */
    public double standardDeviation() {
        return standardDeviation;
    }

    /** The middle sample, or the mean of the two middle ones. */
    public double median() {
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : sorted[half - 1] + (sorted[half] - sorted[half - 1]) / 2;
    }

    /** Nearest rank: the smallest sample that {@code percent} of all samples do not exceed; 0 is the minimum. */
    public double percentile(double percent) {
        if (!(percent >= 0 && percent <= 100)) {
            throw new IllegalArgumentException("percentile " + percent + " is not within 0 to 100");
        }
        int rank = (int) Math.ceil(percent * sorted.length / 100 - RANK_ROUNDING);
        return sorted[Math.max(rank, 1) - 1];
    }

    /** Standard deviation over the mean's magnitude; 0 where all samples are the same, infinite for a mean of 0. */
    public double coefficientOfVariation() {
        return standardDeviation == 0 ? 0 : standardDeviation / Math.abs(mean);
    }
}
