package io.penstock.bench;

import java.util.List;

/** All measured runs of one benchmark, in the order they were made. */
public record RunSeries(String name, String workUnit, List<Measurement> runs) {
    public RunSeries {
        runs = List.copyOf(runs);
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("series " + name + " has no runs");
        }
    }

    /** Nanoseconds a run. */
    public Statistics elapsedNs() {
        return Statistics.of(runs.stream().mapToDouble(Measurement::elapsedNs).toArray());
    }

    /** Work units a second of each run; its maximum is the best run. */
    public Statistics workPerSecond() {
        return Statistics.of(runs.stream().mapToDouble(Measurement::workPerSecond).toArray());
    }
}
