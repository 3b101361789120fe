package io.penstock.bench.simulate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.scheduler.SchedulerStats;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What a run came to, in the words of {@code vllm bench serve}, with the scheduler's counters. Times and tokens are of
 * requests that completed; inter-token times of all tokens that were read.
 */
public final class SimulationReport {
    private static final double NS_PER_SECOND = 1e9;

    private final SimulationConfig config;
    private final Map<String, Double> figures = new LinkedHashMap<>();
    private final Map<String, Long> counts = new LinkedHashMap<>();
    private final Map<String, Latency> latencies = new LinkedHashMap<>();

    /** Of one kind of time, in milliseconds. */
    public record Latency(double mean, double median, double std, double p99) {
        void putInto(Map<String, Double> metrics, String name) {
            metrics.put("mean_" + name + "_ms", mean);
            metrics.put("median_" + name + "_ms", median);
            metrics.put("std_" + name + "_ms", std);
            metrics.put("p99_" + name + "_ms", p99);
        }
    }

    SimulationReport(SimulationConfig config, Front front, SchedulerStats stats, Utilisation.Shares shares,
            double deviceBusy, IdealSchedule ideal, double requestRate) {
        this.config = config;
        double seconds = front.lastEndNs / NS_PER_SECOND;
        figures.put("duration", seconds);
        figures.put("request_throughput", rate(front.numCompleted, seconds));
        figures.put("output_throughput", rate(front.numOutputTokens, seconds));
        figures.put("total_token_throughput", rate(front.numInputTokens + front.numOutputTokens, seconds));
        figures.put("request_rate", requestRate);
        figures.put("ideal_request_throughput", ideal.requestsPerSecond());
        figures.put("ideal_output_throughput", ideal.outputTokensPerSecond());
        figures.put("batch_fill", shares.batchFill());
        figures.put("token_budget_fill", shares.budgetFill());
        figures.put("kv_block_use", shares.kvUse());
        figures.put("device_busy", deviceBusy);
        figures.put("prefix_hit_rate", rate(stats.numCachedTokens(), stats.numPromptTokens()));
        figures.put("recomputed_share",
                rate(stats.numRecomputedTokens(), stats.numPrefillTokens() + stats.numDecodeTokens()));
        counts.put("completed", (long) front.numCompleted);
        counts.put("failed", (long) front.numRejected);
        counts.put("aborted", (long) front.numAborted);
        counts.put("max_concurrency", (long) front.maxConcurrency);
        counts.put("total_input_tokens", front.numInputTokens);
        counts.put("total_output_tokens", front.numOutputTokens);
        counters(stats);
        latencies.put("ttft", front.ttft.summary());
        latencies.put("tpot", front.tpot.summary());
        latencies.put("itl", front.itl.summary());
        latencies.put("e2el", front.e2el.summary());
    }

    private void counters(SchedulerStats stats) {
        counts.put("num_steps", stats.numSteps());
        counts.put("num_prefill_tokens", stats.numPrefillTokens());
        counts.put("num_decode_tokens", stats.numDecodeTokens());
        counts.put("num_prompt_tokens", stats.numPromptTokens());
        counts.put("num_cached_tokens", stats.numCachedTokens());
        counts.put("num_recomputed_tokens", stats.numRecomputedTokens());
        counts.put("num_discarded_rows", stats.numDiscardedRows());
        counts.put("num_stalled_rows", stats.numStalledRows());
        counts.put("num_preemptions_swap", stats.numPreemptionsBySwap());
        counts.put("num_preemptions_recompute", stats.numPreemptionsByRecompute());
        counts.put("num_forks", stats.numForks());
        counts.put("num_evicted_blocks", stats.numEvictedBlocks());
    }

    private static double rate(double amount, double of) {
        return of == 0 ? 0 : amount / of;
    }

    /** A figure by its name in {@link #toJson}: seconds, amounts a second, or shares between 0 and 1. */
    public double figure(String name) {
        return known(figures.get(name), name);
    }

    /** A count by its name in {@link #toJson}. */
    public long count(String name) {
        return known(counts.get(name), name);
    }

    /** {@code ttft}, {@code tpot}, {@code itl} or {@code e2el}. */
    public Latency latency(String name) {
        return known(latencies.get(name), name);
    }

    private static <T> T known(T value, String name) {
        if (value == null) {
            throw new IllegalArgumentException("no '" + name + "' in the report");
        }
        return value;
    }

    /** Every finite number of {@link #toJson} but the limits. */
    public Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        figures.forEach((name, value) -> {
            if (Double.isFinite(value)) {
                metrics.put(name, value);
            }
        });
        counts.forEach((name, value) -> metrics.put(name, (double) value));
        latencies.forEach((name, latency) -> latency.putInto(metrics, name));
        return metrics;
    }

    /**
     * All of it, as {@code vllm bench serve} names it. {@code request_rate} is {@code "inf"} in a closed loop, and
     * {@code max_concurrency} the most requests that were open at once.
     */
    public ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("scenario", config.scenario().label());
        json.put("seed", config.seed());
        json.put("num_prompts", config.numRequests());
        figures.forEach((name, value) -> {
            if (Double.isInfinite(value)) {
                json.put(name, "inf");
            } else {
                json.put(name, value);
            }
        });
        counts.forEach(json::put);
        latencies.forEach((name, latency) -> {
            json.put("mean_" + name + "_ms", latency.mean());
            json.put("median_" + name + "_ms", latency.median());
            json.put("std_" + name + "_ms", latency.std());
            json.put("p99_" + name + "_ms", latency.p99());
        });
        var limits = config.engine().limits();
        ObjectNode shown = json.putObject("limits");
        shown.put("max_num_seqs", limits.maxNumSeqs());
        shown.put("max_num_batched_tokens", limits.maxNumBatchedTokens());
        shown.put("max_model_len", limits.maxModelLen());
        shown.put("num_kv_blocks", limits.numKvBlocks());
        shown.put("num_snapshots", limits.numSnapshots());
        shown.put("num_swap_blocks", limits.numSwapBlocks());
        return json;
    }

    /** For a person. */
    public String table() {
        var text = new StringBuilder();
        var limits = config.engine().limits();
        text.append(String.format(Locale.ROOT,
                "%s, seed %d: %d of %,d requests completed in %.2f s of simulated time%n"
                        + "%d sequences, %d tokens a step, %,d KV blocks, %,d swap blocks%n%n",
                config.scenario().label(), config.seed(), count("completed"), config.numRequests(), figure("duration"),
                limits.maxNumSeqs(), limits.maxNumBatchedTokens(), limits.numKvBlocks(), limits.numSwapBlocks()));
        text.append(String.format(Locale.ROOT, "output     %,12.0f tokens/s   %5.1f %% of the ideal %,.0f%n",
                figure("output_throughput"), 100 * idealShare(), figure("ideal_output_throughput")));
        text.append(String.format(Locale.ROOT, "total      %,12.0f tokens/s%n", figure("total_token_throughput")));
        text.append(String.format(Locale.ROOT, "requests   %,12.1f /s         %d turned away, %d aborted%n%n",
                figure("request_throughput"), count("failed"), count("aborted")));
        text.append("ms               mean       median          p99\n");
        latencies.forEach((name, latency) -> text.append(String.format(Locale.ROOT, "%-8s %,12.2f %,12.2f %,12.2f%n",
                name.equals("e2el") ? "E2E" : name.toUpperCase(Locale.ROOT), latency.mean(), latency.median(),
                latency.p99())));
        text.append(String.format(Locale.ROOT,
                "%nbatch %.1f %%, token budget %.1f %%, KV blocks %.1f %%, device %.1f %% of the time%n",
                100 * figure("batch_fill"), 100 * figure("token_budget_fill"), 100 * figure("kv_block_use"),
                100 * figure("device_busy")));
        text.append(String.format(Locale.ROOT, "preemptions: %d by swap, %d by recompute; %,d tokens computed again,"
                + " %.2f %% of all%n", count("num_preemptions_swap"), count("num_preemptions_recompute"),
                count("num_recomputed_tokens"), 100 * figure("recomputed_share")));
        text.append(String.format(Locale.ROOT,
                "prefix cache: %.1f %% of prompt tokens; %,d steps, %,d rows discarded%n",
                100 * figure("prefix_hit_rate"), count("num_steps"), count("num_discarded_rows")));
        return text.toString();
    }

    private double idealShare() {
        return rate(figure("output_throughput"), figure("ideal_output_throughput"));
    }
}
