package io.penstock.bench.loadgen.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.penstock.bench.loadgen.FailureKind;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.run.LoadOutcome;
import io.penstock.bench.loadgen.run.LoadPlan;
import io.penstock.bench.loadgen.run.LoadRun;
import io.penstock.serving.grpc.wire.GenerateComplete;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.GenerateStreamChunk;
import io.penstock.serving.grpc.wire.SamplingParams;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GrpcLoadClientTest {
    private static final long TIMEOUT_NS = 20_000_000_000L;
    private static final int REFUSED_TOKENS = 99;

    private final ConcurrentLinkedQueue<GenerateRequest> asked = new ConcurrentLinkedQueue<>();
    private Server server;

    /** Two tokens a chunk, as many as asked for; refuses a certain number. */
    private final class FakeEngine extends VllmEngineGrpc.VllmEngineImplBase {
        @Override
        public void generate(GenerateRequest request, StreamObserver<GenerateResponse> to) {
            asked.add(request);
            int numTokens = request.getSamplingParams().getMaxTokens();
            if (numTokens == REFUSED_TOKENS) {
                to.onError(Status.RESOURCE_EXHAUSTED.withDescription("the queue is full").asRuntimeException());
                return;
            }
            for (int i = 0; i < numTokens; i += 2) {
                to.onNext(GenerateResponse.newBuilder().setChunk(
                        GenerateStreamChunk.newBuilder().addTokenIds(i).addTokenIds(i + 1)).build());
            }
            to.onNext(GenerateResponse.newBuilder().setComplete(GenerateComplete.newBuilder()
                    .setPromptTokens(request.getTokenized().getInputIdsCount()).setCompletionTokens(numTokens)
                    .setCachedTokens(1)).build());
            to.onCompleted();
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new FakeEngine()).build().start();
    }

    @AfterEach
    void end() {
        server.shutdownNow();
    }

    private LoadOutcome run(int port, int outputTokens) throws InterruptedException {
        List<LoadRequest> requests = IntStream.range(0, 10).mapToObj(i ->
                new LoadRequest(i, new Prompt.TokenIds(new int[] {5, 6, 7}), 3, outputTokens)).toList();
        var target = new GrpcLoadClient.Target("127.0.0.1", port, false, Map.of("x-test", "1"), 2,
                SamplingParams.newBuilder().setIgnoreEos(true).setTemperature(0.5f).build());
        try (var client = new GrpcLoadClient(target, new LoadLoops(2, false), TIMEOUT_NS)) {
            return new LoadRun(new LoadPlan(requests, null, 4, false, new RequestRecord.Kept(false, true, false)),
                    client, false, (_, _, _) -> { }).run();
        }
    }

    @Test
    void tokensAreCountedExactly() throws InterruptedException {
        LoadOutcome outcome = run(server.getPort(), 6);
        assertEquals(10, outcome.completed().size());
        for (RequestRecord record : outcome.records()) {
            assertEquals(6, record.outputTokens());
            assertEquals(3, record.inputTokens());
            assertEquals(1, record.cachedTokens());
            assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5}, record.tokenIds().toArray());
        }
        assertEquals(20, outcome.loops().stream().mapToLong(loop -> loop.itlNs().getTotalCount()).sum());
        GenerateRequest request = asked.peek();
        assertTrue(request.getStream() && request.getSamplingParams().getIgnoreEos());
        assertEquals(0.5f, request.getSamplingParams().getTemperature());
        assertEquals(List.of(5, 6, 7), request.getTokenized().getInputIdsList());
    }

    @Test
    void failuresAreOfAKind() throws InterruptedException {
        LoadOutcome refused = run(server.getPort(), REFUSED_TOKENS);
        assertEquals(10, refused.failed().size());
        assertEquals(FailureKind.HTTP_4XX, refused.failed().getFirst().failure());
        assertEquals("gRPC RESOURCE_EXHAUSTED: the queue is full", refused.failed().getFirst().message());
        int port = server.getPort();
        server.shutdownNow();
        LoadOutcome gone = run(port, 2);
        assertEquals(10, gone.failed().size());
        assertEquals(FailureKind.CONNECT, gone.failed().getFirst().failure(), gone.failed().getFirst()::message);
    }
}
