package io.penstock.bench.loadgen.run;

import io.penstock.bench.loadgen.LoopCounts;
import io.penstock.bench.loadgen.RequestRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import org.HdrHistogram.Histogram;

/** What a run came to, by the names of {@code vllm bench serve} where there are such. */
public final class LoadMetrics {
    private static final double[] STEADY_PERCENTILES = {99};

    /**
     * What is reported.
     *
     * @param latencies of {@code ttft, tpot, itl, e2el, client_queue_time}
     * @param percentiles of each, 0 to 100
     */
    public record Wanted(List<String> latencies, double[] percentiles, Goodput goodput) {}

    private final LoadOutcome outcome;
    private final LoadPlan plan;
    private final Wanted wanted;
    private final List<RequestRecord> completed;
    private final Map<String, Double> metrics = new LinkedHashMap<>();

    private LoadMetrics(LoadOutcome outcome, LoadPlan plan, Wanted wanted) {
        this.outcome = outcome;
        this.plan = plan;
        this.wanted = wanted;
        completed = outcome.completed();
    }

    /**
     * Sums a run up.
     *
     * @param ownCount tokens of a text by our tokenizer; null where there is none or the texts were not kept
     */
    public static Map<String, Double> of(
            LoadOutcome outcome, LoadPlan plan, Wanted wanted, ToIntFunction<String> ownCount) {
        var all = new LoadMetrics(outcome, plan, wanted);
        all.totals();
        all.latencies();
        all.steady();
        if (ownCount != null) {
            all.put("retokenized_output_tokens",
                    all.completed.stream().mapToLong(record -> ownCount.applyAsInt(record.answer())).sum());
        }
        all.failures();
        all.client();
        return all.metrics;
    }

    private void put(String name, double value) {
        metrics.put(name, value);
    }

    private void totals() {
        double seconds = Math.max(outcome.seconds(), 1e-9);
        double input = completed.stream().mapToLong(RequestRecord::inputTokens).sum();
        double output = completed.stream().mapToLong(RequestRecord::outputTokens).sum();
        put("duration", outcome.seconds());
        put("completed", completed.size());
        put("failed", outcome.numRequests() - completed.size());
        put("total_input_tokens", input);
        put("total_output_tokens", output);
        put("request_throughput", completed.size() / seconds);
        if (wanted.goodput().isAsked()) {
            put("request_goodput", completed.stream().filter(wanted.goodput()::isGood).count() / seconds);
        }
        put("output_throughput", output / seconds);
        put("total_token_throughput", (input + output) / seconds);
        put("max_output_tokens_per_s", bestSecond());
        put("max_concurrent_requests", outcome.extent().maxOpen());
        long cached = completed.stream().mapToLong(RequestRecord::cachedTokens).sum();
        if (cached > 0) {
            put("cached_input_tokens", cached);
        }
    }

    private long bestSecond() {
        Map<Integer, Long> bySecond = new TreeMap<>();
        for (LoopCounts loop : outcome.loops()) {
            long[] tokens = loop.tokensBySecond();
            for (int i = 0; i < tokens.length; i++) {
                bySecond.merge(i, tokens[i], Long::sum);
            }
        }
        return bySecond.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    private void latencies() {
        for (String name : wanted.latencies()) {
            switch (name) {
                case "ttft" -> times(name, completed, RequestRecord::ttftNs);
                case "tpot" -> times(name, completed, RequestRecord::tpotNs);
                case "e2el" -> times(name, completed, RequestRecord::e2elNs);
                case "itl" -> {
                    Histogram all = new Histogram(3);
                    outcome.loops().forEach(loop -> all.add(loop.itlNs()));
                    new LatencySummary(all).put("", name, wanted.percentiles(), metrics);
                }
                case "client_queue_time" -> queueing(name);
                default -> throw new IllegalArgumentException("there is no latency '" + name + "'");
            }
        }
    }

    private void queueing(String name) {
        if (plan.isClosedLoop() || plan.maxConcurrency() == LoadPlan.UNBOUNDED) {
            return;
        }
        LatencySummary summary = new LatencySummary();
        for (long queued : outcome.queueNs()) {
            summary.add(queued);
        }
        summary.put("", name, wanted.percentiles(), metrics);
    }

    /** What a request says of itself; negative where it says nothing. */
    private interface Time {
        double ns(RequestRecord record);
    }

    private void times(String name, List<RequestRecord> of, Time time) {
        summary(of, time).put("", name, wanted.percentiles(), metrics);
    }

    private static LatencySummary summary(List<RequestRecord> of, Time time) {
        LatencySummary summary = new LatencySummary();
        for (RequestRecord record : of) {
            double valueNs = time.ns(record);
            if (valueNs >= 0) {
                summary.add(valueNs);
            }
        }
        return summary;
    }

    /** Rates are of what came within the steady part, latencies of the requests that were due in it. */
    private void steady() {
        LoadOutcome.Window window = outcome.steady();
        if (window == null) {
            return;
        }
        double seconds = window.seconds();
        long numEnded = completed.stream().filter(record -> window.holds(record.endNs())).count();
        double output = completed.stream()
                .mapToDouble(record -> record.outputTokens(RequestRecord.Phase.STEADY)).sum();
        double input = completed.stream().filter(record -> window.holds(record.dueNs() + record.ttftNs()))
                .mapToLong(RequestRecord::inputTokens).sum();
        put("steady_duration", seconds);
        put("steady_completed", numEnded);
        put("steady_request_throughput", numEnded / seconds);
        put("steady_output_throughput", output / seconds);
        put("steady_total_token_throughput", (input + output) / seconds);
        List<RequestRecord> due = completed.stream().filter(record -> window.holds(record.dueNs())).toList();
        summary(due, RequestRecord::ttftNs).put("steady_", "ttft", STEADY_PERCENTILES, metrics);
        summary(due, RequestRecord::tpotNs).put("steady_", "tpot", STEADY_PERCENTILES, metrics);
        summary(due, RequestRecord::e2elNs).put("steady_", "e2el", STEADY_PERCENTILES, metrics);
    }

    private void failures() {
        Map<String, Double> byKind = new TreeMap<>();
        outcome.failed().forEach(record -> byKind.merge(record.failure().key(), 1.0, Double::sum));
        metrics.putAll(byKind);
    }

    private void client() {
        ClientCost cost = outcome.client();
        put("client_cpu_share", cost.cpuShare());
        put("client_loop_cpu_share", cost.loopCpuShare());
        put("client_loop_lag_p99_ms", cost.loopLagP99Ms());
        put("client_send_lag_p99_ms", cost.sendLagP99Ms());
        put("client_limited", cost.isLimit() ? 1 : 0);
    }
}
