package io.penstock.serving.grpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.util.concurrent.EventExecutor;
import io.penstock.runtime.InputException;
import io.penstock.scheduler.Request;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.grpc.wire.AbortRequest;
import io.penstock.serving.grpc.wire.AbortResponse;
import io.penstock.serving.grpc.wire.EmbedRequest;
import io.penstock.serving.grpc.wire.EmbedResponse;
import io.penstock.serving.grpc.wire.FlushCacheRequest;
import io.penstock.serving.grpc.wire.FlushCacheResponse;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.GetLoadsRequest;
import io.penstock.serving.grpc.wire.GetLoadsResponse;
import io.penstock.serving.grpc.wire.GetModelInfoRequest;
import io.penstock.serving.grpc.wire.GetModelInfoResponse;
import io.penstock.serving.grpc.wire.GetServerInfoRequest;
import io.penstock.serving.grpc.wire.GetServerInfoResponse;
import io.penstock.serving.grpc.wire.GetTokenizerChunk;
import io.penstock.serving.grpc.wire.GetTokenizerRequest;
import io.penstock.serving.grpc.wire.HealthCheckRequest;
import io.penstock.serving.grpc.wire.HealthCheckResponse;
import io.penstock.serving.grpc.wire.KvEventBatch;
import io.penstock.serving.grpc.wire.ProfileResponse;
import io.penstock.serving.grpc.wire.StartProfileRequest;
import io.penstock.serving.grpc.wire.StopProfileRequest;
import io.penstock.serving.grpc.wire.SubscribeKvEventsRequest;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.server.Health;
import io.penstock.serving.server.Profiler;
import io.penstock.serving.server.ServingCore;
import io.penstock.serving.stream.ActiveStream;
import io.penstock.serving.stream.IoThreads;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** The twelve calls of the engine protocol, each on its connection's event loop. */
final class EngineService extends VllmEngineGrpc.VllmEngineImplBase {
    private final ServingCore core;
    private final IoThreads io;
    private final Profiler profiler;
    private final GenerateReader reader;
    private final Descriptions descriptions;
    private final TokenizerBundle tokenizer;
    private final KvEventFeed kvEvents;
    private final AtomicLong numUnnamed = new AtomicLong();

    EngineService(ServingCore core, IoThreads io, Profiler profiler) {
        this.core = core;
        this.io = io;
        this.profiler = profiler;
        reader = new GenerateReader(core.streams().encoder().defaults());
        descriptions = new Descriptions(core);
        tokenizer = TokenizerBundle.of(core.model().source().directory());
        kvEvents = new KvEventFeed(core, io.group().next(), descriptions::engineLoad);
    }

    /** Ends what would go on for ever. */
    void close() {
        kvEvents.close();
    }

    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> responses) {
        core.touch();
        var client = (ServerCallStreamObserver<GenerateResponse>) responses;
        GenerationRequest asked;
        try {
            asked = reader.read(request);
        } catch (InputException e) {
            client.onError(Statuses.invalid(e.getMessage()).asRuntimeException());
            return;
        }
        String id = request.getRequestId().isEmpty() ? "grpc-" + numUnnamed.incrementAndGet() : request.getRequestId();
        EventExecutor loop = io.currentLoop();
        ActiveStream stream = core.streams().submit(
                loop, asked, id, deadlineNs(), new GenerateCall(client, asked, request.getStream()));
        client.setOnReadyHandler(stream::resume);
        client.setOnCancelHandler(stream::cancel);
    }

    private static long deadlineNs() {
        Deadline deadline = Context.current().getDeadline();
        return deadline == null ? Request.NO_DEADLINE
                : System.nanoTime() + deadline.timeRemaining(TimeUnit.NANOSECONDS);
    }

    @Override
    public void embed(EmbedRequest request, StreamObserver<EmbedResponse> responses) {
        responses.onError(Status.UNIMPLEMENTED.withDescription("this model generates text and makes no embeddings")
                .asRuntimeException());
    }

    @Override
    public void healthCheck(HealthCheckRequest request, StreamObserver<HealthCheckResponse> responses) {
        Health health = core.health();
        answer(responses, HealthCheckResponse.newBuilder()
                .setHealthy(health == Health.SERVING).setMessage(health.message()).build());
    }

    @Override
    public void flushCache(FlushCacheRequest request, StreamObserver<FlushCacheResponse> responses) {
        core.streams().engine().resetPrefixCache();
        answer(responses, FlushCacheResponse.newBuilder()
                .setSuccess(true).setMessage("cached prefixes are forgotten before the next step").build());
    }

    @Override
    public void startProfile(StartProfileRequest request, StreamObserver<ProfileResponse> responses) {
        if (request.hasStartStep() || request.hasNumSteps() || request.hasOutputDir()) {
            responses.onError(Statuses.invalid("output_dir, start_step and num_steps are not supported: the server's"
                    + " --profile-dir is written to from StartProfile to StopProfile").asRuntimeException());
            return;
        }
        boolean hasHost = request.getActivitiesCount() == 0
                || request.getActivitiesList().stream().anyMatch("CPU"::equalsIgnoreCase);
        if (!hasHost || request.getProfileByStage()) {
            responses.onError(Statuses.invalid(hasHost ? "profile_by_stage is not supported: prefill and decode share"
                    + " steps" : "activities must include CPU: what is recorded is the host").asRuntimeException());
            return;
        }
        answer(responses, profiled(profiler::start));
    }

    @Override
    public void stopProfile(StopProfileRequest request, StreamObserver<ProfileResponse> responses) {
        answer(responses, profiled(profiler::stop));
    }

    private static ProfileResponse profiled(Supplier<Path> action) {
        try {
            return ProfileResponse.newBuilder().setSuccess(true).setMessage(action.get().toString()).build();
        } catch (InputException e) {
            return ProfileResponse.newBuilder().setSuccess(false).setMessage(e.getMessage()).build();
        }
    }

    @Override
    public void abort(AbortRequest request, StreamObserver<AbortResponse> responses) {
        request.getRequestIdsList().forEach(core.streams()::abort);
        answer(responses, AbortResponse.getDefaultInstance());
    }

    @Override
    public void getModelInfo(GetModelInfoRequest request, StreamObserver<GetModelInfoResponse> responses) {
        answer(responses, descriptions.modelInfo());
    }

    @Override
    public void getServerInfo(GetServerInfoRequest request, StreamObserver<GetServerInfoResponse> responses) {
        answer(responses, descriptions.serverInfo());
    }

    @Override
    public void getLoads(GetLoadsRequest request, StreamObserver<GetLoadsResponse> responses) {
        if (request.hasDpRank() && request.getDpRank() != 0) {
            responses.onError(Statuses.invalid("dp_rank must be 0, not " + request.getDpRank()
                    + ": this server is one engine").asRuntimeException());
            return;
        }
        answer(responses, descriptions.loads());
    }

    @Override
    public void getTokenizer(GetTokenizerRequest request, StreamObserver<GetTokenizerChunk> responses) {
        tokenizer.send((ServerCallStreamObserver<GetTokenizerChunk>) responses);
    }

    @Override
    public void subscribeKvEvents(SubscribeKvEventsRequest request, StreamObserver<KvEventBatch> responses) {
        kvEvents.subscribe(request, (ServerCallStreamObserver<KvEventBatch>) responses);
    }

    private static <T> void answer(StreamObserver<T> responses, T message) {
        responses.onNext(message);
        responses.onCompleted();
    }
}
