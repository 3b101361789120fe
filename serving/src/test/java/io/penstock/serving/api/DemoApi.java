package io.penstock.serving.api;

import io.penstock.scheduler.SchedulerStats;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.http.ApiKeys;
import io.penstock.serving.http.HttpLimits;
import io.penstock.serving.http.HttpOptions;
import io.penstock.serving.http.HttpServer;
import io.penstock.serving.model.LoadedEngine;
import io.penstock.serving.offline.DemoModel;
import io.penstock.serving.server.ServedModel;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.stream.IoThreads;
import io.penstock.serving.stream.StreamEngine;
import io.penstock.serving.stream.StreamLimits;
import io.penstock.serving.stream.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** OpenAI's API for the bundled model, on a port of its own. */
final class DemoApi implements AutoCloseable {
    static final String MODEL = "demo";
    static final String OTHER_NAME = "org/demo";

    final StreamEngine engine;
    final HttpServer server;
    private final IoThreads io = IoThreads.start(2);
    private final ServingCore core;

    DemoApi(StreamLimits streams, HttpLimits http, Supplier<StreamObserver> observers, String... keys) {
        LoadedEngine loaded = LoadedEngine.load(DemoModel.ENCODER, DemoModel.small(), _ -> { });
        engine = new StreamEngine(loaded.engine(), new RequestPreparer(DemoModel.ENCODER,
                loaded.resolved().limits(), new AtomicLong()::incrementAndGet), io, streams, observers);
        core = new ServingCore(engine, new ServedModel(
                MODEL, "1.2.3", DemoModel.ENCODER.source(), DemoModel.small(), loaded.resolved()));
        core.start();
        var api = new ApiContext(core, List.of(MODEL, OTHER_NAME), 1_700_000_000, (out, accept) -> {
            out.write("some 1\n".getBytes(StandardCharsets.UTF_8));
            return "text/plain; for=" + accept;
        }, true);
        server = HttpServer.start(io, HttpOptions.at("127.0.0.1", 0).withLimits(http), ApiRoutes.forClients(api),
                new ApiKeys(List.of(keys)));
    }

    static DemoApi withKeys(String... keys) {
        return new DemoApi(StreamLimits.DEFAULTS, HttpLimits.DEFAULTS, () -> StreamObserver.NONE, keys);
    }

    int port() {
        return server.port();
    }

    /** Waits until nothing is connected, runs, waits or holds memory. */
    void awaitEmpty() throws InterruptedException {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!isEmpty()) {
            if (System.nanoTime() > endNs) {
                SchedulerStats stats = engine.stats();
                throw new AssertionError("open " + engine.numOpen() + ", running " + stats.numRunning()
                        + ", waiting " + stats.numWaiting() + ", blocks " + stats.numBlocksInUse()
                        + ", connections " + server.numConnections());
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private boolean isEmpty() {
        SchedulerStats stats = engine.stats();
        return engine.numOpen() == 0 && stats.numRunning() == 0 && stats.numWaiting() == 0
                && stats.numBlocksInUse() == 0 && server.numConnections() == 0;
    }

    @Override
    public void close() {
        server.close();
        core.close();
        io.close();
    }
}
