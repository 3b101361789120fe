package io.penstock.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.http.BatchApi;
import io.penstock.batch.local.ModelFingerprint;
import io.penstock.serving.api.ApiContext;
import io.penstock.serving.api.ApiRoutes;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.grpc.GrpcServer;
import io.penstock.serving.http.HttpRouter;
import io.penstock.serving.metrics.RequestLog;
import io.penstock.serving.metrics.ServerMetrics;
import io.penstock.serving.model.LoadedEngine;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.server.Health;
import io.penstock.serving.server.Profiler;
import io.penstock.serving.server.ServedModel;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.server.Tls;
import io.penstock.serving.stream.IoThreads;
import io.penstock.serving.stream.StreamEngine;
import io.penstock.serving.stream.StreamLimits;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.utils.Signals;
import picocli.CommandLine.ExitCode;

/** One server from its start to its end. */
final class ServerRun {
    private static final int SIGNAL_EXIT = 128;
    private static final int SIGINT = 2;
    private static final int SIGTERM = 15;

    /** What clients are given to read their last answers, or a dead engine's errors. */
    private static final long LAST_WORDS_MS = 1_500;

    private final RequestEncoder encoder;
    private final ServingConfig config;
    private final Settings settings;
    private final StartUpPhases phases;
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicBoolean isEnding = new AtomicBoolean();

    /**
     * What a server is told.
     *
     * @param modelNames what clients call the model; the first is the one that it calls itself
     * @param tls null for plain text
     * @param files for what it writes
     */
    record Settings(List<String> modelNames, InetSocketAddress address, HttpPortOptions.Settings http, Tls tls,
            Files files, int numIoThreads, Times times) {}

    /**
     * How long things may take.
     *
     * @param shutdownNs requests after the first signal
     * @param slowReaderNs a client may take nothing of what waits for it
     */
    record Times(long shutdownNs, long slowReaderNs) {}

    /**
     * Where a server writes.
     *
     * @param profileDir null for no profiles
     * @param requestLog null for none
     * @param batches for files and batches; null for none of them
     */
    record Files(Path profileDir, Path requestLog, BatchApi.Settings batches) {}

    ServerRun(RequestEncoder encoder, ServingConfig config, Settings settings, StartUpPhases phases) {
        this.encoder = encoder;
        this.config = config;
        this.settings = settings;
        this.phases = phases;
    }

    /** Serves until a signal or the engine's death; the exit code. */
    int run() throws InterruptedException {
        LoadedEngine loaded = EngineOptions.loading(
                encoder.source(), layerLoaded -> LoadedEngine.load(encoder, config, layerLoaded));
        phases.done("weights and memory");
        var preparer = new RequestPreparer(encoder, loaded.resolved().limits(), new SecureRandom()::nextLong);
        var model = new ServedModel(
                settings.modelNames().getFirst(), Installation.version(), encoder.source(), config, loaded.resolved());
        var metrics = new ServerMetrics();
        Path logFile = settings.files().requestLog();
        try (RequestLog log = logFile == null ? null : RequestLog.open(logFile);
                IoThreads io = IoThreads.start(settings.numIoThreads());
                var profiler = new Profiler(settings.files().profileDir());
                var core = new ServingCore(new StreamEngine(loaded.engine(), preparer, io,
                        StreamLimits.DEFAULTS.withSlowReaderNs(settings.times().slowReaderNs()),
                        () -> log == null ? metrics.observer() : log.observer(metrics.observer())), model)) {
            metrics.bind(model.name(), core.streams().engine(), loaded.resolved().limits(), config.prefixCaching());
            core.start();
            phases.done("first step");
            var api = new ApiContext(
                    core, settings.modelNames(), Instant.now().getEpochSecond(), metrics::write,
                    settings.http().separatesReasoning());
            var routes = new HttpPorts.Routes(ApiRoutes.forClients(api),
                    ApiRoutes.forOperators(api, profiler, over::countDown));
            try (BatchApi batches = openBatches(core, io, routes.clients());
                    var grpc = new GrpcServer(core, io, profiler, settings.address(), settings.tls());
                    HttpPorts http = HttpPorts.open(io, routes, settings.address().getHostString(), settings.http(),
                            settings.tls())) {
                grpc.start();
                phases.done("ports opened");
                sayReady(core, grpc, http);
                return serve(core, http, batches);
            }
        }
    }

    private BatchApi openBatches(ServingCore core, IoThreads io, HttpRouter clients) {
        if (settings.files().batches() == null) {
            return null;
        }
        ObjectNode results = JsonNodeFactory.instance.objectNode();
        results.put("model", ModelFingerprint.of(encoder.source(), null));
        results.put("arithmetic", BatchCommand.arithmetic(config));
        results.put("max_model_len", core.streams().modelLimits().maxModelLen());
        BatchApi batches = BatchApi.open(settings.files().batches(), core.streams(), io,
                new BatchApi.Answers(settings.modelNames(), settings.http().separatesReasoning()), results);
        batches.addTo(clients);
        return batches;
    }

    private void sayReady(ServingCore core, GrpcServer grpc, HttpPorts http) {
        System.err.println("penstock: " + core.model().name() + ": " + core.model().resolved().describe());
        phases.print(System.err);
        String host = settings.address().getHostString();
        System.err.println("penstock: ready; " + http.describe(host, settings.tls() != null) + ", gRPC at " + host + ":"
                + grpc.port() + (settings.tls() == null ? "" : " with TLS"));
        System.err.flush();
    }

    private int serve(ServingCore core, HttpPorts http, BatchApi batches) throws InterruptedException {
        core.onHealth(health -> {
            if (health == Health.DEAD) {
                over.countDown();
            }
        });
        if (core.health() == Health.DEAD) {
            over.countDown();
        }
        Object term = Signals.register("TERM", () -> signal(SIGTERM));
        Object interrupt = Signals.register("INT", () -> signal(SIGINT));
        try {
            over.await();
            http.beginClosing();
            return core.health() == Health.DEAD ? died(core) : drain(core, http, batches);
        } finally {
            Signals.unregister("TERM", term);
            Signals.unregister("INT", interrupt);
        }
    }

    private void signal(int number) {
        if (!isEnding.compareAndSet(false, true)) {
            Runtime.getRuntime().halt(SIGNAL_EXIT + number);
        }
        over.countDown();
    }

    private static int died(ServingCore core) throws InterruptedException {
        String why = core.streams().engine().failure();
        System.err.println("penstock: the engine "
                + (why.isEmpty() ? "does not come back from a step" : "failed: " + why) + "; the server ends");
        TimeUnit.MILLISECONDS.sleep(LAST_WORDS_MS);
        return ExitCode.SOFTWARE;
    }

    /** A batch can go on when the server starts again: nobody waits for it. */
    private int drain(ServingCore core, HttpPorts http, BatchApi batches) throws InterruptedException {
        if (batches != null) {
            batches.close();
        }
        System.err.println("penstock: shutting down; " + core.streams().numOpen() + " requests are being finished");
        if (core.drain(settings.times().shutdownNs())) {
            http.finish(TimeUnit.MILLISECONDS.toNanos(LAST_WORDS_MS));
            return ExitCode.OK;
        }
        System.err.println("penstock: " + core.streams().numOpen() + " requests were not done after "
                + TimeUnit.NANOSECONDS.toSeconds(settings.times().shutdownNs()) + " s and are cut off;"
                + " raise --shutdown-timeout to let them finish");
        return ExitCode.SOFTWARE;
    }
}
