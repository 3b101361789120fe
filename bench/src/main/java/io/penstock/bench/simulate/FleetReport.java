package io.penstock.bench.simulate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a fleet's run came to: in the words of {@code vllm bench serve}, and how evenly the GPUs were used. */
public final class FleetReport {
    private final FleetConfig config;
    private final Map<String, Double> figures = new LinkedHashMap<>();
    private final Map<String, SimulationReport.Latency> latencies = new LinkedHashMap<>();

    /** @param numTokens that clients had of the requests that were sent again */
    record Losses(int numRequests, long numTokens) {}

    FleetReport(FleetConfig config, Front front, Replica[] replicas, IdealSchedule ideal, Losses losses,
            double requestsPerSecond) {
        this.config = config;
        double seconds = front.lastEndNs / 1e9;
        double most = 0;
        double busyNs = 0;
        double prompts = 0;
        double cached = 0;
        double outputs = 0;
        for (Replica replica : replicas) {
            Replica.Totals totals = replica.totals();
            most = Math.max(most, totals.busyNs);
            busyNs += totals.busyNs;
            prompts += totals.numPromptTokens;
            cached += totals.numCachedTokens;
            outputs += totals.numOutputTokens;
        }
        figures.put("output_throughput", front.numOutputTokens / seconds);
        figures.put("request_throughput", front.numCompleted / seconds);
        figures.put("request_rate", requestsPerSecond);
        figures.put("ideal_output_throughput", config.numReplicas() * ideal.outputTokensPerSecond());
        figures.put("duration", seconds);
        figures.put("completed", (double) front.numCompleted);
        figures.put("max_concurrency", (double) front.maxConcurrency);
        figures.put("device_busy", busyNs / replicas.length / front.lastEndNs);
        figures.put("busiest_to_mean", busyNs == 0 ? 1 : most * replicas.length / busyNs);
        figures.put("prefix_hit_rate", prompts == 0 ? 0 : cached / prompts);
        figures.put("retried_requests", (double) losses.numRequests());
        figures.put("lost_token_share", outputs == 0 ? 0 : losses.numTokens() / outputs);
        latencies.put("ttft", front.ttft.summary());
        latencies.put("tpot", front.tpot.summary());
        latencies.put("itl", front.itl.summary());
        latencies.put("e2el", front.e2el.summary());
    }

    /** Figures and latencies by their names in {@link #toJson}. */
    public Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>(figures);
        latencies.forEach((name, latency) -> latency.putInto(metrics, name));
        return metrics;
    }

    /** What was run, and {@link #metrics}. */
    public ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        settings().forEach((name, value) -> json.putPOJO(name, value));
        metrics().forEach(json::put);
        return json;
    }

    /** The configuration of a result. */
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("scenario", config.replica().scenario().label());
        settings.put("gpus", config.numReplicas());
        settings.put("router", config.policy().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        settings.put("load", config.load());
        settings.put("seqs", config.replica().engine().limits().maxNumSeqs());
        settings.put("kvBlocks", config.replica().engine().limits().numKvBlocks());
        settings.put("prompts", config.replica().numRequests());
        settings.put("failures", config.failures().number());
        settings.put("seed", config.replica().seed());
        return settings;
    }

    /** For a person. */
    public String table() {
        var text = new StringBuilder(String.format(Locale.ROOT,
                "%s, %d GPUs, router %s, load %.2f: %,.0f of %,d requests completed in %.2f s of simulated time%n%n",
                settings().get("scenario"), config.numReplicas(), settings().get("router"), config.load(),
                figures.get("completed"), config.replica().numRequests(), figures.get("duration")));
        text.append(String.format(Locale.ROOT, "output     %,14.0f tokens/s   of an ideal %,.0f%n",
                figures.get("output_throughput"), figures.get("ideal_output_throughput")));
        text.append(String.format(Locale.ROOT, "requests   %,14.1f /s         %,.1f/s arrive%n%n",
                figures.get("request_throughput"), figures.get("request_rate")));
        text.append("ms               mean       median          p99\n");
        latencies.forEach((name, latency) -> text.append(String.format(Locale.ROOT, "%-8s %,12.2f %,12.2f %,12.2f%n",
                name.equals("e2el") ? "E2E" : name.toUpperCase(Locale.ROOT), latency.mean(), latency.median(),
                latency.p99())));
        text.append(String.format(Locale.ROOT,
                "%ndevices %.1f %% of the time, the busiest %.3f of the mean; prefix cache %.1f %% of prompt tokens%n",
                100 * figures.get("device_busy"), figures.get("busiest_to_mean"),
                100 * figures.get("prefix_hit_rate")));
        text.append(String.format(Locale.ROOT, "%d failures: %,.0f requests sent again, %.3f %% of output computed"
                + " twice%n", config.failures().number(), figures.get("retried_requests"),
                100 * figures.get("lost_token_share")));
        return text.toString();
    }
}
