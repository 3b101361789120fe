package io.penstock.serving.grpc;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.penstock.runtime.ModelRunner;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineConfig;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.grpc.wire.GenerateComplete;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.SamplingParams;
import io.penstock.serving.grpc.wire.TokenizedInput;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.metrics.ServerMetrics;
import io.penstock.serving.model.LoadedEngine;
import io.penstock.serving.model.ResolvedLimits;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.DemoModel;
import io.penstock.serving.server.Profiler;
import io.penstock.serving.server.ServedModel;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.server.Tls;
import io.penstock.serving.stream.IoThreads;
import io.penstock.serving.stream.StreamEngine;
import io.penstock.serving.stream.StreamLimits;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A server with the bundled model on a port of its own, and a client of it. */
public final class DemoServer implements AutoCloseable {
    public final ServerMetrics metrics = new ServerMetrics();
    final IoThreads io = IoThreads.start(2);
    public final ServingCore core;
    final GrpcServer grpc;
    final ManagedChannel channel;

    DemoServer(ServingConfig config, StreamLimits limits, Path profiles, Tls tls) {
        this(LoadedEngine.load(DemoModel.ENCODER, config, _ -> { }), config, limits, profiles, tls);
    }

    private DemoServer(LoadedEngine loaded, ServingConfig config, StreamLimits limits, Path profiles, Tls tls) {
        var preparer = new RequestPreparer(DemoModel.ENCODER, loaded.resolved().limits(),
                new AtomicLong()::incrementAndGet);
        var streams = new StreamEngine(loaded.engine(), preparer, io, limits, metrics::observer);
        metrics.bind("penstock-demo", streams.engine(), loaded.resolved().limits(), config.prefixCaching());
        core = new ServingCore(streams, new ServedModel(
                "penstock-demo", "0.1.0", DemoModel.ENCODER.source(), config, loaded.resolved()));
        core.start();
        grpc = new GrpcServer(core, io, new Profiler(profiles), new InetSocketAddress("127.0.0.1", 0), tls);
        grpc.start();
        channel = tls != null ? null : NettyChannelBuilder.forAddress("127.0.0.1", grpc.port()).usePlaintext()
                .maxInboundMessageSize(256 << 20).build();
    }

    /** Few sequences, short ones. */
    public static DemoServer small() {
        return new DemoServer(DemoModel.small(), StreamLimits.DEFAULTS, null, null);
    }

    /** A server whose engine runs on something else than the model. */
    static DemoServer on(ModelRunner runner, EngineConfig config) {
        ResolvedLimits resolved = new ResolvedLimits(runner.limits(), 0, 0, 0, 0, 0);
        return new DemoServer(new LoadedEngine(new Engine(runner, config, System::nanoTime), resolved),
                DemoModel.small(), StreamLimits.DEFAULTS, null, null);
    }

    public VllmEngineGrpc.VllmEngineBlockingStub stub() {
        return VllmEngineGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    /** A greedy request for so many tokens, whatever they are. */
    public static GenerateRequest.Builder exactly(String id, int numTokens) {
        return request(id, "The quick brown fox", sampling(numTokens).setIgnoreEos(true));
    }

    static SamplingParams.Builder sampling(int maxTokens) {
        return SamplingParams.newBuilder().setTemperature(0).setMaxTokens(maxTokens);
    }

    static GenerateRequest.Builder request(String id, String prompt, SamplingParams.Builder sampling) {
        return GenerateRequest.newBuilder().setRequestId(id).setTokenized(tokenized(prompt))
                .setSamplingParams(sampling);
    }

    static TokenizedInput tokenized(String prompt) {
        TokenizedInput.Builder input = TokenizedInput.newBuilder();
        for (int id : DemoModel.ENCODER.tokenizer().encode(prompt)) {
            input.addInputIds(id);
        }
        return input.build();
    }

    /** What came of a streamed call. */
    record Answer(List<GenerateResponse> messages, List<Integer> tokenIds, List<GenerateComplete> completes) {
        static Answer of(Iterator<GenerateResponse> responses) {
            List<GenerateResponse> messages = new ArrayList<>();
            List<Integer> tokenIds = new ArrayList<>();
            List<GenerateComplete> completes = new ArrayList<>();
            responses.forEachRemaining(message -> {
                messages.add(message);
                tokenIds.addAll(message.getChunk().getTokenIdsList());
                if (message.hasComplete()) {
                    completes.add(message.getComplete());
                }
            });
            return new Answer(messages, tokenIds, completes);
        }
    }

    /** Waits until nothing runs, waits or holds memory. */
    public void awaitEmpty() throws InterruptedException {
        for (int i = 0; i < 2_000; i++) {
            if (core.streams().numOpen() == 0 && core.streams().stats().numRunning() == 0
                    && core.streams().stats().numWaiting() == 0 && core.streams().stats().numBlocksInUse() == 0) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
        throw new AssertionError("open " + core.streams().numOpen() + ", running "
                + core.streams().stats().numRunning() + ", waiting " + core.streams().stats().numWaiting()
                + ", blocks " + core.streams().stats().numBlocksInUse());
    }

    @Override
    public void close() {
        if (channel != null) {
            channel.shutdownNow();
        }
        grpc.close();
        core.close();
        io.close();
    }
}
