package io.penstock.bench.streams;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineConfig;
import io.penstock.scheduler.engine.PhaseTimes;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.metrics.ServerMetrics;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ResolvedLimits;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.server.ServedModel;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.stream.IoThreads;
import io.penstock.serving.stream.StreamEngine;
import io.penstock.serving.stream.StreamLimits;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Tokens a second to many streams, from the real server to real clients in this process. */
public final class StreamSuite implements AutoCloseable {
    /** What a request may generate at most. */
    public static final int MOST_TOKENS = 8_160;

    private static final int PROMPT_TOKENS = 32;
    private static final int MAX_MODEL_LEN = MOST_TOKENS + PROMPT_TOKENS;
    private static final int MEMORY_SECONDS = 60;
    private static final int SECONDS_A_SAMPLE = 10;
    private static final int WARM_UP_SECONDS = 4;
    private static final double NS = 1e-9;

    private final Load load;
    private final IoThreads io;
    private final ServingCore core;
    private final StreamTarget target;
    private List<? extends StreamClient> clients = List.of();

    /** What the streams speak. */
    public enum Protocol {
        /** The engine protocol; streams share connections. */
        GRPC,
        /** Completions by events over HTTP; each stream has a connection. */
        SSE,
        /** Half of the streams each. */
        BOTH;

        /** Name of the results file. */
        public String suite() {
            return "streams-" + name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What is asked of the server.
     *
     * @param numStreams open at once
     * @param numConnections that gRPC streams share
     * @param stepMicros of the runner; with one token a stream in each step that is what is offered
     * @param maxTokens of each request; a stream makes one after the other
     * @param seconds measured, behind a warm-up; a minute or more also measures memory
     * @param numIoThreads of the server
     */
    public record Load(Protocol protocol, int numStreams, int numConnections, int stepMicros, int maxTokens,
            int seconds, int numIoThreads) {}

    private StreamSuite(ModelSource source, Load load) {
        this.load = load;
        var encoder = new RequestEncoder(source, null);
        int numBlocks = load.numStreams() * (ModelLimits.blocksFor(MAX_MODEL_LEN) + 2);
        var limits = new ModelLimits(load.numStreams(), load.numStreams() + MAX_MODEL_LEN, MAX_MODEL_LEN, numBlocks,
                load.numStreams());
        var runner = new PacedRunner(limits, encoder.tokenizer().vocabSize(), load.stepMicros() * 1_000L);
        var metrics = new ServerMetrics();
        io = IoThreads.start(load.numIoThreads());
        var streams = new StreamEngine(new Engine(runner, EngineConfig.throughput(), System::nanoTime),
                new RequestPreparer(encoder, limits, () -> 0), io, StreamLimits.DEFAULTS, metrics::observer);
        var config = ServingConfig.of(Preset.THROUGHPUT);
        metrics.bind(source.name(), streams.engine(), limits, config.prefixCaching());
        core = new ServingCore(streams, new ServedModel(
                source.name(), "bench", source, config, new ResolvedLimits(limits, 0, 0, 0, 0, 0)));
        core.start();
        target = switch (load.protocol()) {
            case GRPC -> new GrpcTarget(core, io, load.numConnections());
            case SSE -> new SseTarget(core, io, metrics::write);
            case BOTH -> new BothTargets(new GrpcTarget(core, io, load.numConnections()),
                    new SseTarget(core, io, metrics::write));
        };
    }

    /** Measures one load. */
    public static BenchResult run(ModelSource source, Load load, RunContext context) throws InterruptedException {
        try (var suite = new StreamSuite(source, load)) {
            suite.connect();
            return suite.measure(context);
        }
    }

    private void connect() {
        clients = target.clients(load.numStreams(), PROMPT_TOKENS, load.maxTokens());
        clients.forEach(StreamClient::start);
    }

    private BenchResult measure(RunContext context) throws InterruptedException {
        TimeUnit.SECONDS.sleep(WARM_UP_SECONDS);
        PhaseTimes times = core.streams().engine().phaseTimes();
        long tokens = tokens();
        long messages = messages();
        long steps = core.streams().stats().numSteps();
        long processNs = times.processNs();
        long hostNs = hostNs(times);
        long startNs = System.nanoTime();
        MemorySamples memory = waitAndSample();
        double seconds = (System.nanoTime() - startNs) * NS;
        double numSteps = Math.max(1, core.streams().stats().numSteps() - steps);
        double numTokens = tokens() - tokens;
        requireNoFailure();
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("tokensPerSecond", numTokens / seconds);
        metrics.put("messagesPerSecond", (messages() - messages) / seconds);
        metrics.put("tokensPerMessage", numTokens / Math.max(1, messages() - messages));
        metrics.put("stepMicros", seconds * 1e6 / numSteps);
        metrics.put("processMicrosPerStep", (times.processNs() - processNs) / 1e3 / numSteps);
        metrics.put("processShareOfTime", (times.processNs() - processNs) * NS / seconds);
        metrics.put("hostShareOfTime", (hostNs(times) - hostNs) * NS / seconds);
        if (memory != null) {
            memory.addTo(metrics);
        }
        return result(context, metrics);
    }

    /** Lets the load go on for its time; the samples of memory, or null for a short one. */
    private MemorySamples waitAndSample() throws InterruptedException {
        if (load.seconds() < MEMORY_SECONDS) {
            TimeUnit.SECONDS.sleep(load.seconds());
            return null;
        }
        var memory = new MemorySamples();
        for (int left = load.seconds(); left > 0; left -= SECONDS_A_SAMPLE) {
            TimeUnit.SECONDS.sleep(Math.min(left, SECONDS_A_SAMPLE));
            memory.take();
        }
        return memory;
    }

    private BenchResult result(RunContext context, Map<String, Double> metrics) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("streams", load.numStreams());
        config.put("connections",
                switch (load.protocol()) {
                    case GRPC -> load.numConnections();
                    case SSE -> load.numStreams();
                    case BOTH -> load.numConnections() + load.numStreams() / 2;
                });
        config.put("stepMicros", load.stepMicros());
        config.put("maxTokens", load.maxTokens());
        config.put("seconds", load.seconds());
        config.put("ioThreads", load.numIoThreads());
        return new BenchResult(load.protocol().suite(), "streams-" + load.numStreams(), context, null, config, metrics,
                null);
    }

    private static long hostNs(PhaseTimes times) {
        return times.commandsNs() + times.scheduleNs() + times.launchNs() + times.processNs();
    }

    private long tokens() {
        return clients.stream().mapToLong(StreamClient::numTokens).sum();
    }

    private long messages() {
        return clients.stream().mapToLong(StreamClient::numMessages).sum();
    }

    private void requireNoFailure() {
        for (StreamClient client : clients) {
            if (client.failure() != null) {
                throw new InputException("a stream failed: " + client.failure(), client.failure());
            }
        }
    }

    @Override
    public void close() {
        clients.forEach(StreamClient::stop);
        target.close();
        core.close();
        io.close();
    }
}
