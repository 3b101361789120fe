package io.penstock.bench.loadgen.serve;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a server's {@code /metrics} counted, by name without labels.
 *
 * @param sums over the labels
 */
public record ServerCounters(Map<String, Double> sums) {
    private static final Map<String, String> REPORTED = new LinkedHashMap<>(Map.of(
            "prefix_cache_queries", "server_prefix_cache_queries",
            "prefix_cache_hits", "server_prefix_cache_hits",
            "num_preemptions", "server_num_preemptions"));

    /** Reads Prometheus' text format; what is no sample is passed over. */
    static ServerCounters parse(String text) {
        Map<String, Double> sums = new TreeMap<>();
        for (String line : text.split("\n")) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            int end = line.indexOf('}');
            String rest = end < 0 ? line.substring(Math.max(0, line.indexOf(' '))) : line.substring(end + 1);
            String name = line.split("[{ ]", 2)[0];
            try {
                sums.merge(name, Double.parseDouble(rest.strip().split("\\s+")[0]), Double::sum);
            } catch (NumberFormatException e) {
                continue;
            }
        }
        return new ServerCounters(sums);
    }

    private double sum(String name) {
        Double value = sums.get("vllm:" + name + "_total");
        return value != null ? value : sums.getOrDefault("vllm:" + name, Double.NaN);
    }

    /** What was counted since, by the names in results; only what both know. */
    Map<String, Double> since(ServerCounters before) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        REPORTED.forEach((name, key) -> {
            double counted = sum(name) - before.sum(name);
            if (Double.isFinite(counted) && counted >= 0) {
                metrics.put(key, counted);
            }
        });
        double queries = metrics.getOrDefault("server_prefix_cache_queries", 0.0);
        if (queries > 0 && metrics.containsKey("server_prefix_cache_hits")) {
            metrics.put("server_prefix_cache_hit_rate", metrics.get("server_prefix_cache_hits") / queries);
        }
        return metrics;
    }
}
