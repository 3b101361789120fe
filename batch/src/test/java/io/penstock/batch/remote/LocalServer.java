package io.penstock.batch.remote;

import io.penstock.batch.run.DemoLines;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.grpc.GrpcServer;
import io.penstock.serving.metrics.ServerMetrics;
import io.penstock.serving.model.AskedLimits;
import io.penstock.serving.model.LoadedEngine;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.server.Profiler;
import io.penstock.serving.server.ServedModel;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.stream.IoThreads;
import io.penstock.serving.stream.StreamEngine;
import io.penstock.serving.stream.StreamLimits;
import java.net.InetSocketAddress;

/** A server of the demo model in this process. */
final class LocalServer implements AutoCloseable {
    static final ServingConfig CONFIG = ServingConfig.of(Preset.THROUGHPUT)
            .withLimits(new AskedLimits(4, 256, 512, null, null, null, null));

    private final IoThreads io = IoThreads.start(1);
    private final ServingCore core;
    private final GrpcServer grpc;
    private final int port;
    private boolean isClosed;

    /** @param port 0 for a free one */
    LocalServer(int port) {
        LoadedEngine loaded = LoadedEngine.load(DemoLines.ENCODER, CONFIG, _ -> { });
        var preparer = new RequestPreparer(DemoLines.ENCODER, loaded.resolved().limits(), () -> 0);
        var metrics = new ServerMetrics();
        var streams = new StreamEngine(loaded.engine(), preparer, io, StreamLimits.DEFAULTS, metrics::observer);
        metrics.bind("penstock-demo", streams.engine(), loaded.resolved().limits(), true);
        core = new ServingCore(streams, new ServedModel(
                "penstock-demo", "0.1.0", DemoLines.ENCODER.source(), CONFIG, loaded.resolved()));
        core.start();
        grpc = new GrpcServer(core, io, new Profiler(null), new InetSocketAddress("127.0.0.1", port), null);
        grpc.start();
        this.port = grpc.port();
    }

    int port() {
        return port;
    }

    long numAnswered() {
        return core.streams().stats().numFinished();
    }

    /** Ends all calls where they are. */
    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            core.close();
            grpc.close();
            io.close();
        }
    }
}
