package io.penstock.bench.results;

import java.util.Map;

/** What a result is compared with: where the numbers are from, and the same metrics in the same units. */
public record Baseline(String source, Map<String, Double> metrics) {
    public Baseline {
        BenchResult.requireText("baseline.source", source);
        metrics = BenchResult.finiteMetrics("baseline.metrics", metrics);
    }
}
