package io.penstock.bench.loadgen.client;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoop;
import io.penstock.bench.loadgen.FailureKind;
import io.penstock.bench.loadgen.LoadClient;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.runtime.InputException;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.SamplingParams;
import io.penstock.serving.grpc.wire.TokenizedInput;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.grpc.wire.VllmEngineGrpc.VllmEngineStub;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** The engine protocol {@code vllm.grpc.engine.VllmEngine}; requests share a few connections of each event loop. */
public final class GrpcLoadClient implements LoadClient {
    private static final int MAX_MESSAGE_BYTES = 64 << 20;
    private static final String ID_PREFIX = "bench-" + UUID.randomUUID().toString().substring(0, 8) + "-";

    private final LoadLoops loops;
    private final SamplingParams sampling;
    private final long timeoutNs;
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final List<VllmEngineStub> stubs = new ArrayList<>();
    private final int connectionsPerLoop;

    /**
     * Where, and how.
     *
     * @param metadata of each call, by name
     * @param connectionsPerLoop that the requests of an event loop share
     * @param sampling of each request, but for the number of tokens
     */
    public record Target(String host, int port, boolean isTls, Map<String, String> metadata, int connectionsPerLoop,
            SamplingParams sampling) {}

    /** @param timeoutNs after which a request has failed */
    public GrpcLoadClient(Target target, LoadLoops loops, long timeoutNs) {
        this.loops = loops;
        this.sampling = target.sampling();
        this.timeoutNs = timeoutNs;
        connectionsPerLoop = target.connectionsPerLoop();
        Metadata headers = new Metadata();
        target.metadata().forEach((name, value) ->
                headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
        for (EventLoop loop : loops.list()) {
            for (int i = 0; i < connectionsPerLoop; i++) {
                NettyChannelBuilder builder = NettyChannelBuilder.forAddress(target.host(), target.port())
                        .eventLoopGroup(loop).channelType(LoadLoops.channelType()).directExecutor()
                        .maxInboundMessageSize(MAX_MESSAGE_BYTES);
                ManagedChannel channel = (target.isTls() ? builder.useTransportSecurity() : builder.usePlaintext())
                        .build();
                channels.add(channel);
                stubs.add(VllmEngineGrpc.newStub(channel)
                        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers)));
            }
        }
    }

    @Override
    public List<EventLoop> loops() {
        return loops.list();
    }

    @Override
    public void send(LoadRequest request, RequestRecord record) {
        int loop = loops.choose();
        // Never at once: what ends a request sends the next one, and a server that is gone would end that, too.
        loops.loop(loop).execute(() -> start(loop, request, record));
    }

    private void start(int loop, LoadRequest request, RequestRecord record) {
        GenerateRequest message = message(request);
        VllmEngineStub stub = stubs.get(loop * connectionsPerLoop + request.index() % connectionsPerLoop)
                .withDeadlineAfter(timeoutNs, TimeUnit.NANOSECONDS);
        record.sent(loop, System.nanoTime());
        stub.generate(message, new Answer(record));
    }

    private GenerateRequest message(LoadRequest request) {
        SamplingParams.Builder params = sampling.toBuilder();
        if (request.outputTokens() > 0) {
            params.setMaxTokens(request.outputTokens());
        }
        GenerateRequest.Builder message = GenerateRequest.newBuilder()
                .setRequestId(ID_PREFIX + request.index()).setStream(true).setSamplingParams(params);
        switch (request.prompt()) {
            case Prompt.TokenIds(int[] ids) -> {
                TokenizedInput.Builder input = TokenizedInput.newBuilder();
                for (int id : ids) {
                    input.addInputIds(id);
                }
                message.setTokenized(input);
            }
            case Prompt.Text(String text) -> message.setText(text);
            case Prompt.Messages _ -> throw new InputException(
                    "--backend vllm-grpc takes no messages: use --backend openai-chat for this dataset");
        }
        return message.build();
    }

    /** What comes of one request. */
    private static final class Answer implements StreamObserver<GenerateResponse> {
        private final RequestRecord record;

        Answer(RequestRecord record) {
            this.record = record;
        }

        @Override
        public void onNext(GenerateResponse response) {
            if (response.hasChunk()) {
                int numIds = response.getChunk().getTokenIdsCount();
                if (numIds > 0) {
                    if (record.tokenIds() != null) {
                        response.getChunk().getTokenIdsList().forEach(record.tokenIds()::add);
                    }
                    record.tokens(System.nanoTime(), numIds, numIds);
                }
            } else if (response.hasComplete()) {
                var complete = response.getComplete();
                record.usage(complete.getPromptTokens(), complete.getCompletionTokens(), complete.getCachedTokens());
            }
        }

        @Override
        public void onError(Throwable error) {
            Status status = Status.fromThrowable(error);
            record.failed(System.nanoTime(), kind(status), "gRPC " + status.getCode()
                    + (status.getDescription() == null ? "" : ": " + status.getDescription()));
        }

        private static FailureKind kind(Status status) {
            return switch (status.getCode()) {
                case INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
                        FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED, UNAUTHENTICATED -> FailureKind.HTTP_4XX;
                case DEADLINE_EXCEEDED -> FailureKind.TIMEOUT;
                case CANCELLED, ABORTED -> FailureKind.CLOSED;
                case UNAVAILABLE -> status.getCause() instanceof java.net.ConnectException
                        ? FailureKind.CONNECT : FailureKind.HTTP_5XX;
                case OK, UNKNOWN, INTERNAL, DATA_LOSS -> FailureKind.HTTP_5XX;
            };
        }

        @Override
        public void onCompleted() {
            record.completed(System.nanoTime());
        }
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        loops.close();
    }
}
