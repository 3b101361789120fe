package io.penstock.bench.loadgen.run;

import java.util.Map;
import org.HdrHistogram.Histogram;

/** One kind of time, summed up in milliseconds. */
final class LatencySummary {
    private static final int DIGITS = 4;
    private static final double NS_PER_MS = 1e6;

    private final Histogram histogramNs;

    LatencySummary() {
        this(new Histogram(DIGITS));
    }

    LatencySummary(Histogram histogramNs) {
        this.histogramNs = histogramNs;
    }

    void add(double valueNs) {
        histogramNs.recordValue(Math.max(0, Math.round(valueNs)));
    }

    boolean isEmpty() {
        return histogramNs.getTotalCount() == 0;
    }

    double mean() {
        return histogramNs.getMean() / NS_PER_MS;
    }

    double percentile(double percent) {
        return histogramNs.getValueAtPercentile(percent) / NS_PER_MS;
    }

    /** Adds its figures as {@code <prefix>mean_<name>_ms} and so on; nothing where there are no times. */
    void put(String prefix, String name, double[] percentiles, Map<String, Double> metrics) {
        if (isEmpty()) {
            return;
        }
        metrics.put(prefix + "mean_" + name + "_ms", mean());
        metrics.put(prefix + "median_" + name + "_ms", percentile(50));
        metrics.put(prefix + "std_" + name + "_ms", histogramNs.getStdDeviation() / NS_PER_MS);
        for (double percent : percentiles) {
            metrics.put(prefix + "p" + word(percent) + "_" + name + "_ms", percentile(percent));
        }
    }

    /** {@code 99}, {@code 99.9}. */
    static String word(double percent) {
        return percent == Math.rint(percent) ? String.valueOf((long) percent) : String.valueOf(percent);
    }
}
