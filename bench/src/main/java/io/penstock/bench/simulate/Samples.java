package io.penstock.bench.simulate;

import java.util.Arrays;
import java.util.Comparator;

/** Times in nanoseconds, equal ones in a row kept as one: the tokens of a step have nearly all waited for as long. */
final class Samples {
    private static final double RANK_ROUNDING = 1e-9;

    private long[] values = new long[64];
    private long[] counts = new long[64];
    private int size;
    private long total;

    void add(long valueNs) {
        total++;
        if (size > 0 && values[size - 1] == valueNs) {
            counts[size - 1]++;
            return;
        }
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
            counts = Arrays.copyOf(counts, 2 * size);
        }
        values[size] = valueNs;
        counts[size++] = 1;
    }

    /** What is reported of them; all 0 when there are none. */
    SimulationReport.Latency summary() {
        if (total == 0) {
            return new SimulationReport.Latency(0, 0, 0, 0);
        }
        Integer[] order = new Integer[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            order[i] = i;
            sum += (double) values[i] * counts[i];
        }
        Arrays.sort(order, Comparator.comparingLong(i -> values[i]));
        double mean = sum / total;
        double squares = 0;
        for (int i = 0; i < size; i++) {
            squares += counts[i] * (values[i] - mean) * (values[i] - mean);
        }
        return new SimulationReport.Latency(mean / 1e6, percentile(order, 50) / 1e6, Math.sqrt(squares / total) / 1e6,
                percentile(order, 99) / 1e6);
    }

    /** Nearest rank. */
    private double percentile(Integer[] order, double percent) {
        long rank = Math.max(1, (long) Math.ceil(percent * total / 100 - RANK_ROUNDING));
        for (int i : order) {
            rank -= counts[i];
            if (rank <= 0) {
                return values[i];
            }
        }
        throw new IllegalStateException("rank beyond " + total);
    }
}
