package io.penstock.bench.loadgen.serve;

import io.penstock.bench.loadgen.LoadClient;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.check.ClientWarmUp;
import io.penstock.bench.loadgen.run.LoadMetrics;
import io.penstock.bench.loadgen.run.LoadOutcome;
import io.penstock.bench.loadgen.run.LoadPlan;
import io.penstock.bench.loadgen.run.LoadRun;
import io.penstock.bench.machine.EnergyMeter;
import io.penstock.runtime.InputException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;

/** Measures one server: makes sure that it answers, warms it up, and loads it. */
public final class ServeBenchmark {
    private static final int PROBE_TOKENS = 2;
    private static final long READY_INTERVAL_MS = 500;

    /**
     * The client's side.
     *
     * @param isBusy whether its threads never sleep
     * @param timeoutNs after which a request has failed
     */
    public record Options(int numThreads, boolean isBusy, long timeoutNs) {}

    /** One run and what came of it. */
    public record Measured(LoadPlan plan, LoadOutcome outcome, Map<String, Double> metrics) {}

    private final ServeTarget target;
    private final Options options;
    private final ServerProbe counters;
    private final EnergyMeter energy;
    private volatile LoadRun running;

    /**
     * Nothing is sent yet.
     *
     * @param counters where the server's counts are asked for
     * @param energy of the device that the server runs on; null where it is none of ours
     */
    public ServeBenchmark(ServeTarget target, Options options, ServerProbe counters, EnergyMeter energy) {
        this.target = target;
        this.options = options;
        this.counters = counters;
        this.energy = energy;
    }

    /**
     * Sends one small request, again and again until the server answers or the time is over; then a client over HTTP
     * warms up its own code, of which the server sees nothing.
     *
     * @throws InputException with what it said last
     */
    public void requireReady(long timeoutNs) throws InterruptedException {
        long endNs = System.nanoTime() + timeoutNs;
        var request = new LoadRequest(0, new Prompt.Text("Hello"), 0, PROBE_TOKENS);
        while (true) {
            RequestRecord record = run(new LoadPlan(List.of(request), null, 1, false, RequestRecord.Kept.NOTHING),
                    (_, _, _) -> { }).records().getFirst();
            if (!record.isFailed()) {
                if (target.backend() != ServeBackend.VLLM_GRPC) {
                    ClientWarmUp.run(target.backend() == ServeBackend.OPENAI_CHAT);
                }
                return;
            }
            if (System.nanoTime() >= endNs) {
                throw new InputException(refusal(record));
            }
            TimeUnit.MILLISECONDS.sleep(READY_INTERVAL_MS);
        }
    }

    private String refusal(RequestRecord record) {
        String what = target.base() + (target.backend() == ServeBackend.VLLM_GRPC ? "" : target.endpoint());
        return switch (record.failure()) {
            case CONNECT -> record.message() + ": start the server, or correct --base-url, --host or --port";
            case HTTP_4XX -> what + " refuses a first request: " + record.message() + advice(record.message());
            case HTTP_5XX, CLOSED, TIMEOUT, STREAM, PROTOCOL ->
                    what + " does not answer a first request: " + record.message();
        };
    }

    private String advice(String message) {
        if (message.startsWith("HTTP 401") || message.startsWith("HTTP 403") || message.contains("UNAUTHENTICATED")) {
            return "; give --api-key, or set OPENAI_API_KEY";
        }
        if (message.startsWith("HTTP 404")) {
            List<String> models = counters.models();
            return models.isEmpty() ? "; correct --endpoint or --model"
                    : "; correct --endpoint, or --model to one of " + String.join(", ", models);
        }
        return "";
    }

    /** Sends requests whose figures nobody wants. */
    public void warmUp(List<LoadRequest> requests, int maxConcurrency) throws InterruptedException {
        run(new LoadPlan(requests, null, Math.min(maxConcurrency, requests.size()), false,
                RequestRecord.Kept.NOTHING), (_, _, _) -> { });
    }

    /**
     * Runs a load.
     *
     * @param ownCount tokens of a text by our tokenizer; null where it is not asked for
     */
    public Measured measure(LoadPlan plan, LoadMetrics.Wanted wanted, ToIntFunction<String> ownCount,
            LoadRun.Progress progress) throws InterruptedException {
        Optional<ServerCounters> before = counters.counters();
        EnergyMeter.Reading reading = energy == null ? null : energy.begin();
        LoadOutcome outcome = run(plan, progress);
        Map<String, Double> used = reading == null ? Map.of() : reading.end();
        Map<String, Double> metrics = LoadMetrics.of(outcome, plan, wanted, ownCount);
        if (before.isPresent()) {
            counters.counters().ifPresent(after -> metrics.putAll(after.since(before.get())));
        }
        metrics.putAll(used);
        double joules = used.getOrDefault("energy_joules", 0.0);
        if (joules > 0) {
            metrics.put("output_tokens_per_joule", metrics.get("total_output_tokens") / joules);
        }
        return new Measured(plan, outcome, metrics);
    }

    /** Lets what is open end, and sends nothing more of what runs now. From any thread. */
    public void stop(String why) {
        LoadRun now = running;
        if (now != null) {
            now.stop(why);
        }
    }

    private LoadOutcome run(LoadPlan plan, LoadRun.Progress progress) throws InterruptedException {
        try (LoadClient client = target.open(options.numThreads(), options.isBusy(), options.timeoutNs())) {
            running = new LoadRun(plan, client, options.isBusy(), progress);
            return running.run();
        }
    }
}
