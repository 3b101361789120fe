package io.penstock.cli;

import io.penstock.bench.loadgen.run.Arrivals;
import io.penstock.bench.loadgen.run.LoadPlan;
import io.penstock.bench.loadgen.serve.ServeBenchmark;
import io.penstock.runtime.InputException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of when requests are sent, and of the client that sends them; named as those of {@code vllm bench}. */
final class LoadArguments {
    static final int MAX_CONCURRENCY = 65_536;
    private static final int MAX_THREADS = 256;
    private static final int MAX_TIMEOUT_SECONDS = 7 * 24 * 3_600;
    private static final int DEFAULT_TIMEOUT_SECONDS = 6 * 3_600;

    enum RampUp { LINEAR, EXPONENTIAL }

    @Option(names = "--request-rate", paramLabel = "R", defaultValue = "inf", converter = Rate.class,
            description = "Requests a second, sent whatever the server does (open loop): latencies count from when a"
                    + " request was due. inf sends all at once, or, with --max-concurrency, each as soon as another one"
                    + " has ended (closed loop). Default: inf.")
    private double requestRate;

    @Option(names = "--burstiness", paramLabel = "B", defaultValue = "1", converter = Rate.class,
            description = "Shape of the gamma distribution of the times between requests: 1 is a Poisson process, less"
                    + " is in bursts, inf is regular. Default: 1.")
    private double burstiness;

    @Option(names = "--max-concurrency", paramLabel = "N", description = "Requests open at once. Default: no bound.")
    private Integer maxConcurrency;

    @Option(names = "--ramp-up-strategy", paramLabel = "NAME",
            description = "linear or exponential: the rate grows over the run, from --ramp-up-start-rps to"
                    + " --ramp-up-end-rps.")
    private RampUp rampUp;

    @Option(names = "--ramp-up-start-rps", paramLabel = "R")
    private Double rampUpStart;

    @Option(names = "--ramp-up-end-rps", paramLabel = "R")
    private Double rampUpEnd;

    @Option(names = "--num-warmups", paramLabel = "N", defaultValue = "0",
            description = "Requests that are sent before and not counted. Default: 0.")
    private int numWarmups;

    @Option(names = "--ready-check-timeout-sec", paramLabel = "S", defaultValue = "0",
            description = "How long a first request is tried again. Default: 0, once.")
    private int readySeconds;

    @Option(names = "--timeout-sec", paramLabel = "S", defaultValue = "" + DEFAULT_TIMEOUT_SECONDS,
            description = "After which a request has failed. Default: 6 hours.")
    private int timeoutSeconds;

    @Option(names = "--client-threads", paramLabel = "N", defaultValue = "1",
            description = "Event loops of the client. Default: 1, good for some 100,000 tokens a second.")
    private int clientThreads;

    @Option(names = "--client-busy", description = "They never sleep: more exact times, a core each.")
    private boolean isBusy;

    /** {@code inf} or a number. */
    static final class Rate implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            if (text.equalsIgnoreCase("inf") || text.equalsIgnoreCase("infinity")) {
                return Double.POSITIVE_INFINITY;
            }
            try {
                return Double.valueOf(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("'" + text + "' is neither a number nor inf");
            }
        }
    }

    /** Refuses what cannot be used. */
    void validate() {
        if (!(requestRate > 0) || !(burstiness > 0)) {
            throw new InputException("--request-rate and --burstiness must be above 0, not " + requestRate + " and "
                    + burstiness);
        }
        if (maxConcurrency != null) {
            WorkloadArguments.between("--max-concurrency", maxConcurrency, 1, MAX_CONCURRENCY);
        }
        WorkloadArguments.between("--num-warmups", numWarmups, 0, MAX_CONCURRENCY);
        WorkloadArguments.between("--client-threads", clientThreads, 1, MAX_THREADS);
        WorkloadArguments.between("--timeout-sec", timeoutSeconds, 1, MAX_TIMEOUT_SECONDS);
        WorkloadArguments.between("--ready-check-timeout-sec", readySeconds, 0, MAX_TIMEOUT_SECONDS);
        if ((rampUp != null) != (rampUpStart != null && rampUpEnd != null)) {
            throw new InputException("--ramp-up-strategy, --ramp-up-start-rps and --ramp-up-end-rps go together");
        }
        if (rampUp != null && (Double.isFinite(requestRate) || !(rampUpStart > 0) || !(rampUpEnd >= rampUpStart))) {
            throw new InputException("a ramp goes from --ramp-up-start-rps, above 0, up to --ramp-up-end-rps, without"
                    + " --request-rate");
        }
    }

    double requestRate() {
        return requestRate;
    }

    int numWarmups() {
        return numWarmups;
    }

    long readyTimeoutNs() {
        return TimeUnit.SECONDS.toNanos(readySeconds);
    }

    int maxConcurrency() {
        return maxConcurrency == null ? LoadPlan.UNBOUNDED : maxConcurrency;
    }

    Arrivals arrivals() {
        return new Arrivals(requestRate, burstiness, rampUp == null ? null
                : new Arrivals.Ramp(rampUp == RampUp.EXPONENTIAL, rampUpStart, rampUpEnd));
    }

    ServeBenchmark.Options client() {
        return new ServeBenchmark.Options(clientThreads, isBusy, TimeUnit.SECONDS.toNanos(timeoutSeconds));
    }

    /** Adds what is written of it in results. */
    void describe(Map<String, Object> config) {
        config.put("request_rate", Double.isFinite(requestRate) ? (Object) requestRate : "inf");
        if (maxConcurrency != null) {
            config.put("max_concurrency", maxConcurrency);
        }
        if (Double.isFinite(requestRate) || rampUp != null) {
            config.put("burstiness", Double.isFinite(burstiness) ? (Object) burstiness : "inf");
        }
        if (rampUp != null) {
            config.put("ramp_up_strategy", rampUp.name().toLowerCase(java.util.Locale.ROOT));
            config.put("ramp_up_start_rps", rampUpStart);
            config.put("ramp_up_end_rps", rampUpEnd);
        }
        config.put("num_warmups", numWarmups);
        config.put("client_threads", clientThreads);
    }
}
