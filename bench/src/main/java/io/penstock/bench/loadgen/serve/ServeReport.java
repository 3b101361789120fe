package io.penstock.bench.loadgen.serve;

import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.run.LoadOutcome;
import io.penstock.bench.loadgen.run.LoadPlan;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A run for a person: the lines that {@code vllm bench serve} prints, and behind them what else is to be known. */
public final class ServeReport {
    private static final int WIDTH = 50;
    private static final int MAX_FAILURES = 3;
    private static final double MISCOUNT = 0.01;

    private static final Map<String, String[]> LATENCIES = new LinkedHashMap<>();

    static {
        LATENCIES.put("ttft", new String[] {"TTFT", "Time to First Token"});
        LATENCIES.put("tpot", new String[] {"TPOT", "Time per Output Token (excl. 1st token)"});
        LATENCIES.put("itl", new String[] {"ITL", "Inter-token Latency"});
        LATENCIES.put("e2el", new String[] {"E2EL", "End-to-end Latency"});
        LATENCIES.put("client_queue_time", new String[] {"Client Queue Time", "Client-side Queueing"});
    }

    private final LoadPlan plan;
    private final LoadOutcome outcome;
    private final Map<String, Double> metrics;
    private final double requestRate;
    private final StringBuilder text = new StringBuilder();

    private ServeReport(ServeBenchmark.Measured measured, double requestRate) {
        plan = measured.plan();
        outcome = measured.outcome();
        metrics = measured.metrics();
        this.requestRate = requestRate;
    }

    /** @param requestRate as asked for, or infinite */
    public static String of(ServeBenchmark.Measured measured, double requestRate) {
        var report = new ServeReport(measured, requestRate);
        report.totals();
        LATENCIES.forEach(report::latency);
        report.steady();
        report.text.append("=".repeat(WIDTH)).append('\n');
        report.remarks();
        return report.text.toString();
    }

    private void heading(String title, char fill) {
        int left = Math.max(0, (WIDTH - title.length()) / 2);
        int right = Math.max(0, WIDTH - title.length() - left);
        text.append(String.valueOf(fill).repeat(left)).append(title).append(String.valueOf(fill).repeat(right))
                .append('\n');
    }

    private void count(String label, double value) {
        text.append(String.format(Locale.ROOT, "%-40s %-10d%n", label, Math.round(value)));
    }

    private void figure(String label, double value) {
        text.append(String.format(Locale.ROOT, "%-40s %-10.2f%n", label, value));
    }

    private void totals() {
        heading(" Serving Benchmark Result ", '=');
        count("Successful requests:", metrics.get("completed"));
        count("Failed requests:", metrics.get("failed"));
        if (plan.maxConcurrency() != LoadPlan.UNBOUNDED) {
            count("Maximum request concurrency:", plan.maxConcurrency());
        }
        if (Double.isFinite(requestRate)) {
            figure("Request rate configured (RPS):", requestRate);
        }
        figure("Benchmark duration (s):", metrics.get("duration"));
        count("Total input tokens:", metrics.get("total_input_tokens"));
        count("Total generated tokens:", metrics.get("total_output_tokens"));
        figure("Request throughput (req/s):", metrics.get("request_throughput"));
        if (metrics.containsKey("request_goodput")) {
            figure("Request goodput (req/s):", metrics.get("request_goodput"));
        }
        figure("Output token throughput (tok/s):", metrics.get("output_throughput"));
        figure("Peak output token throughput (tok/s):", metrics.get("max_output_tokens_per_s"));
        figure("Peak concurrent requests:", metrics.get("max_concurrent_requests"));
        figure("Total token throughput (tok/s):", metrics.get("total_token_throughput"));
    }

    private void latency(String name, String[] words) {
        if (!metrics.containsKey("mean_" + name + "_ms")) {
            return;
        }
        heading(words[1], '-');
        figure("Mean " + words[0] + " (ms):", metrics.get("mean_" + name + "_ms"));
        figure("Median " + words[0] + " (ms):", metrics.get("median_" + name + "_ms"));
        String end = "_" + name + "_ms";
        metrics.forEach((key, value) -> {
            if (key.startsWith("p") && key.endsWith(end) && Character.isDigit(key.charAt(1))) {
                figure("P" + key.substring(1, key.length() - end.length()) + " " + words[0] + " (ms):", value);
            }
        });
    }

    private void steady() {
        if (!metrics.containsKey("steady_duration")) {
            return;
        }
        heading("Steady Part", '-');
        figure("Duration (s):", metrics.get("steady_duration"));
        figure("Request throughput (req/s):", metrics.get("steady_request_throughput"));
        figure("Output token throughput (tok/s):", metrics.get("steady_output_throughput"));
        figure("Total token throughput (tok/s):", metrics.get("steady_total_token_throughput"));
    }

    private void remark(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void remarks() {
        remark("client: %.0f %% of the machine's cores, its busiest thread %.0f %% of one; %.2f ms late, sent %.2f ms"
                + " late (p99)", 100 * outcome.client().cpuShare(), 100 * outcome.client().loopCpuShare(),
                outcome.client().loopLagP99Ms(), outcome.client().sendLagP99Ms());
        if (outcome.client().isLimit()) {
            remark("WARNING: the load generator itself was the limit: %s", outcome.client().reason());
        }
        if (metrics.containsKey("server_prefix_cache_hit_rate")) {
            remark("server: %.1f %% of prompt tokens from its prefix cache, %.0f preemptions",
                    100 * metrics.get("server_prefix_cache_hit_rate"),
                    metrics.getOrDefault("server_num_preemptions", 0.0));
        }
        if (metrics.containsKey("energy_joules")) {
            remark("energy: %.0f J, %.0f W, %.2f output tokens a joule, GPU busy %.0f %%", metrics.get("energy_joules"),
                    metrics.getOrDefault("mean_power_watts", 0.0), metrics.get("output_tokens_per_joule"),
                    100 * metrics.getOrDefault("mean_gpu_utilization", 0.0));
        }
        tokens();
        if (outcome.steady() == null && outcome.failed().isEmpty()) {
            remark("no part of the run was steady: more prompts than requests at once are needed, several times over");
        }
        failures();
    }

    private void tokens() {
        double own = metrics.getOrDefault("retokenized_output_tokens", 0.0);
        double theirs = metrics.get("total_output_tokens");
        if (own > 0 && Math.abs(own - theirs) > MISCOUNT * theirs) {
            remark("tokens: the server counts %.0f output tokens, our tokenizer %.0f in the text (%+.1f %%): some show"
                    + " no text, or a text has other tokens than those it came from", theirs, own,
                    100 * (own / theirs - 1));
        }
    }

    private void failures() {
        if (outcome.extent().whyStopped() != null) {
            remark("stopped: %s; %d requests were not sent", outcome.extent().whyStopped(),
                    outcome.numRequests() - outcome.records().size());
        }
        outcome.failed().stream().limit(MAX_FAILURES).forEach(record ->
                remark("failed: request %d, %s", record.request().index(), record.message()));
    }

    /** Why a run is not whole, in one line; null if it is. */
    public static String complaint(LoadOutcome outcome) {
        long numFailed = outcome.numRequests() - outcome.completed().size();
        if (numFailed == 0) {
            return null;
        }
        Map<String, Integer> kinds = new LinkedHashMap<>();
        for (RequestRecord record : outcome.failed()) {
            kinds.merge(record.failure().name().toLowerCase(Locale.ROOT), 1, Integer::sum);
        }
        int numUnsent = outcome.numRequests() - outcome.records().size();
        if (numUnsent > 0) {
            kinds.put("not sent", numUnsent);
        }
        String first = outcome.failed().isEmpty() ? "" : "; the first: " + outcome.failed().getFirst().message();
        return numFailed + " of " + outcome.numRequests() + " requests failed " + kinds + first;
    }
}
