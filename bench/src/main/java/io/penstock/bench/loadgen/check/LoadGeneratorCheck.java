package io.penstock.bench.loadgen.check;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.bench.loadgen.LoadClient;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.canned.CannedOptions;
import io.penstock.bench.loadgen.canned.CannedServer;
import io.penstock.bench.loadgen.client.HttpLoadClient;
import io.penstock.bench.loadgen.client.HttpTarget;
import io.penstock.bench.loadgen.client.LoadLoops;
import io.penstock.bench.loadgen.run.Arrivals;
import io.penstock.bench.loadgen.run.Goodput;
import io.penstock.bench.loadgen.run.LoadMetrics;
import io.penstock.bench.loadgen.run.LoadOutcome;
import io.penstock.bench.loadgen.run.LoadPlan;
import io.penstock.bench.loadgen.run.LoadRun;
import io.penstock.bench.results.Baseline;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/** Runs of the load generator against a {@link CannedServer} in the same process, each one result. */
public final class LoadGeneratorCheck {
    /** Name of the results file. */
    public static final String SUITE = "load-generator";

    private static final LoadMetrics.Wanted WANTED = new LoadMetrics.Wanted(
            List.of("ttft", "tpot", "itl", "e2el"), new double[] {50, 90, 99}, Goodput.NONE);
    private static final int PROMPT_TOKENS = 32;
    private static final long TIMEOUT_NS = 60_000_000_000L;
    private static final int SEED = 1;
    private static final int STALL_AFTER = 4;
    private static final LoadRun.Progress NO_PROGRESS = (_, _, _) -> { };
    private static final double NS_PER_MS = 1e6;
    private static final double MICROS_PER_SECOND = 1e6;
    private static final String SERVER = "the canned server's own clock and counts";

    private final RunContext context;

    public LoadGeneratorCheck(RunContext context) {
        this.context = context;
    }

    /**
     * As many tokens a second as it can follow, with one thread of the client and one of the server.
     *
     * @param gapMicros between the tokens of a stream; streams / gap is what the server offers
     */
    public BenchResult streams(int numStreams, int gapMicros, int outputTokens, int numWaves)
            throws InterruptedException {
        var options = CannedOptions.of(outputTokens, gapMicros * 1_000L, gapMicros * 1_000L);
        var config = new LinkedHashMap<String, Object>();
        config.put("max_concurrency", numStreams);
        config.put("gap_micros", gapMicros);
        config.put("output_len", outputTokens);
        config.put("num_prompts", numStreams * numWaves);
        try (CannedServer server = CannedServer.start(options, 0, 1, false)) {
            run(server, closedLoop(numStreams, numStreams, outputTokens / 2), NO_PROGRESS);
            server.forget();
            LoadPlan plan = closedLoop(numStreams * numWaves, numStreams, outputTokens);
            LoadOutcome outcome = run(server, plan, NO_PROGRESS);
            Map<String, Double> written = injected(server);
            written.put("total_output_tokens", (double) server.numTokens());
            Map<String, Double> metrics = LoadMetrics.of(outcome, plan, WANTED, null);
            metrics.put("client_cpu_micros_per_token", metrics.get("client_loop_cpu_share") * metrics.get("duration")
                    * MICROS_PER_SECOND / metrics.get("total_output_tokens"));
            return new BenchResult(SUITE, "streams-" + numStreams, context, null, config, metrics,
                    new Baseline(SERVER, written));
        }
    }

    /**
     * Latencies against the server's own, a few streams at a time. An answer comes a known time after its request was
     * sent, on connections that are open and through code that is compiled, so that a difference is the client's.
     *
     * @param isBusy whether the client never sleeps
     */
    public BenchResult delay(int delayMs, int numStreams, int numRequests, int outputTokens, boolean isBusy)
            throws InterruptedException {
        long delayNs = TimeUnit.MILLISECONDS.toNanos(delayMs);
        var config = new LinkedHashMap<String, Object>();
        config.put("injected_ms", delayMs);
        config.put("max_concurrency", numStreams);
        config.put("output_len", outputTokens);
        config.put("num_prompts", numRequests);
        config.put("busy", isBusy);
        ClientWarmUp.run(false);
        try (CannedServer server = CannedServer.start(CannedOptions.of(outputTokens, delayNs, delayNs), 0, 1, false);
                HttpLoadClient client = client(target(server).stamped(), isBusy)) {
            run(client, closedLoop(4 * numStreams, numStreams, 4), isBusy);
            server.forget();
            LoadPlan plan = closedLoop(numRequests, numStreams, outputTokens);
            LoadOutcome outcome = run(client, plan, isBusy);
            return result("delay-" + delayMs + "ms", config, plan, outcome, injected(server));
        }
    }

    /** Requests at a rate while the server says nothing for a time: how many were sent meanwhile, and when. */
    public BenchResult stall(double ratePerSecond, int numRequests, long stallMs) throws InterruptedException {
        var config = new LinkedHashMap<String, Object>();
        config.put("request_rate", ratePerSecond);
        config.put("num_prompts", numRequests);
        config.put("stall_ms", stallMs);
        try (CannedServer server = CannedServer.start(CannedOptions.of(4, 1_000_000, 1_000_000), 0, 1, false)) {
            LoadPlan plan = new LoadPlan(requests(numRequests, 4), new Arrivals(ratePerSecond, 1, null).offsetsNs(
                    numRequests, SEED), LoadPlan.UNBOUNDED, false, RequestRecord.Kept.NOTHING);
            run(server, closedLoop(4 * STALL_AFTER, STALL_AFTER, 4), NO_PROGRESS);
            var startNs = new AtomicLong();
            LoadOutcome outcome = run(server, plan, (ended, total, _) -> {
                if (ended >= total / STALL_AFTER && startNs.compareAndSet(0, System.nanoTime())) {
                    server.stall(TimeUnit.MILLISECONDS.toNanos(stallMs));
                }
            });
            long endNs = startNs.get() + TimeUnit.MILLISECONDS.toNanos(stallMs);
            Map<String, Double> metrics = LoadMetrics.of(outcome, plan, WANTED, null);
            metrics.put("sent_during_stall", (double) outcome.records().stream()
                    .filter(record -> record.sentNs() > startNs.get() && record.sentNs() < endNs).count());
            var due = Map.of("sent_during_stall", (double) outcome.records().stream()
                    .filter(record -> record.dueNs() > startNs.get() && record.dueNs() < endNs).count());
            return new BenchResult(SUITE, "stall", context, null, config, metrics,
                    new Baseline("requests due during the stall", due));
        }
    }

    private BenchResult result(String name, Map<String, Object> config, LoadPlan plan, LoadOutcome outcome,
            Map<String, Double> server) {
        return new BenchResult(SUITE, name, context, null, config, LoadMetrics.of(outcome, plan, WANTED, null),
                new Baseline(SERVER, server));
    }

    private static Map<String, Double> injected(CannedServer server) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        put("ttft", server.firstNs(), metrics);
        put("itl", server.gapNs(), metrics);
        return metrics;
    }

    private static void put(String name, Histogram histogramNs, Map<String, Double> metrics) {
        metrics.put("mean_" + name + "_ms", histogramNs.getMean() / NS_PER_MS);
        for (int percent : new int[] {50, 90, 99}) {
            metrics.put("p" + percent + "_" + name + "_ms", histogramNs.getValueAtPercentile(percent) / NS_PER_MS);
        }
    }

    private static LoadPlan closedLoop(int numRequests, int numStreams, int outputTokens) {
        return new LoadPlan(requests(numRequests, outputTokens), null, numStreams, false, RequestRecord.Kept.NOTHING);
    }

    private static List<LoadRequest> requests(int number, int outputTokens) {
        int[] ids = IntStream.rangeClosed(1, PROMPT_TOKENS).toArray();
        return IntStream.range(0, number)
                .mapToObj(i -> new LoadRequest(i, new Prompt.TokenIds(ids), PROMPT_TOKENS, outputTokens)).toList();
    }

    private static LoadOutcome run(CannedServer server, LoadPlan plan, LoadRun.Progress progress)
            throws InterruptedException {
        try (HttpLoadClient client = client(target(server), false)) {
            return new LoadRun(plan, client, false, progress).run();
        }
    }

    private static LoadOutcome run(LoadClient client, LoadPlan plan, boolean isBusy) throws InterruptedException {
        return new LoadRun(plan, client, isBusy, NO_PROGRESS).run();
    }

    private static HttpTarget target(CannedServer server) {
        return HttpTarget.of(URI.create(server.baseUrl()), "/v1/completions", false, Map.of(), false,
                JsonNodeFactory.instance.objectNode());
    }

    private static HttpLoadClient client(HttpTarget target, boolean isBusy) {
        return new HttpLoadClient(target, new LoadLoops(1, isBusy), TIMEOUT_NS);
    }
}
