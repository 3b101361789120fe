package io.penstock.serving.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.engine.EngineConfig;
import io.penstock.serving.grpc.DemoServer.Answer;
import io.penstock.serving.grpc.wire.AbortRequest;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.offline.DyingRunner;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that end early, and servers that do. */
class LifecycleTest {
    private DemoServer server;

    @AfterEach
    void close() {
        server.close();
    }

    private ServingStatus health() {
        return HealthGrpc.newBlockingStub(server.channel).check(HealthCheckRequest.getDefaultInstance()).getStatus();
    }

    private boolean engineHealth() {
        return server.stub().healthCheck(io.penstock.serving.grpc.wire.HealthCheckRequest.getDefaultInstance())
                .getHealthy();
    }

    @Test
    void abortEndsTheStreamItself() throws InterruptedException {
        server = DemoServer.small();
        Iterator<GenerateResponse> responses = server.stub().generate(
                DemoServer.exactly("long", 480).setStream(true).build());
        responses.next();
        server.stub().abort(AbortRequest.newBuilder().addRequestIds("long").build());
        Answer rest = Answer.of(responses);
        assertEquals("abort", rest.completes().getFirst().getFinishReason());
        server.awaitEmpty();
    }

    @Test
    void cancelFreesTheSequence() throws InterruptedException {
        server = DemoServer.small();
        Context.CancellableContext context = Context.current().withCancellation();
        context.run(() -> server.stub().generate(DemoServer.exactly("gone", 480).setStream(true).build()).next());
        context.cancel(null);
        server.awaitEmpty();
    }

    @Test
    void deadlineEndsTheCallAndFreesTheSequence() throws InterruptedException {
        server = DemoServer.small();
        for (boolean stream : List.of(false, true)) {
            StatusRuntimeException e = assertThrows(StatusRuntimeException.class, () -> Answer.of(
                    VllmEngineGrpc.newBlockingStub(server.channel).withDeadlineAfter(30, TimeUnit.MILLISECONDS)
                            .generate(DemoServer.exactly("late", 480).setStream(stream).build())));
            assertEquals(Status.Code.DEADLINE_EXCEEDED, e.getStatus().getCode());
        }
        server.awaitEmpty();
    }

    @Test
    void fullQueueIsResourceExhausted() throws InterruptedException {
        server = DemoServer.on(new DyingRunner(new ModelLimits(1, 64, 512, 64, 4)),
                EngineConfig.throughput().withMaxQueuedRequests(4));
        List<Ending> calls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            calls.add(Ending.of(server, i, 200));
        }
        int numFull = 0;
        for (int i = 0; i < 1_000 && numFull == 0; i++) {
            TimeUnit.MILLISECONDS.sleep(5);
            numFull = (int) calls.stream().filter(call -> call.error != null).count();
        }
        assertTrue(numFull > 0);
        for (Ending call : calls) {
            assertTrue(call.error == null || call.code() == Status.Code.RESOURCE_EXHAUSTED, () -> "" + call.error);
            assertTrue(call.error == null || "1000".equals(Status.trailersFromThrowable(call.error).get(
                    Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER))));
        }
    }

    @Test
    void deadEngineIsUnavailableAndUnhealthyWithinASecond() throws InterruptedException {
        var runner = new DyingRunner(new ModelLimits(8, 64, 512, 64, 4));
        server = DemoServer.on(runner, EngineConfig.throughput());
        Ending call = Ending.of(server, 0, 400);
        call.began.await(20, TimeUnit.SECONDS);
        runner.die();
        assertTrue(call.over.await(20, TimeUnit.SECONDS));
        assertEquals(Status.Code.UNAVAILABLE, call.code());
        TimeUnit.SECONDS.sleep(1);
        assertFalse(engineHealth());
        assertEquals(ServingStatus.NOT_SERVING, health());
        Ending late = Ending.of(server, 1, 3);
        assertTrue(late.over.await(20, TimeUnit.SECONDS));
        assertEquals(Status.Code.UNAVAILABLE, late.code());
    }

    @Test
    void drainUnderLoadLosesNothingThatWasTaken() throws InterruptedException {
        server = DemoServer.small();
        List<Ending> calls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            calls.add(Ending.of(server, i, 40));
        }
        calls.getFirst().began.await(20, TimeUnit.SECONDS);
        assertTrue(server.core.drain(TimeUnit.SECONDS.toNanos(60)));
        assertEquals(ServingStatus.NOT_SERVING, health());
        assertFalse(engineHealth());
        Ending late = Ending.of(server, 99, 3);
        assertTrue(late.over.await(20, TimeUnit.SECONDS));
        assertEquals(Status.Code.UNAVAILABLE, late.code());
        for (Ending call : calls) {
            assertTrue(call.over.await(20, TimeUnit.SECONDS));
            // One that came too late is told so before its first message; none is cut off.
            if (call.error == null) {
                assertEquals(40, call.numTokens);
            } else {
                assertEquals(Status.Code.UNAVAILABLE, call.code());
                assertEquals(0, call.numTokens);
            }
        }
        assertNull(calls.getFirst().error);
    }

    /** How a call ends. */
    private static final class Ending implements StreamObserver<GenerateResponse> {
        final CountDownLatch began = new CountDownLatch(1);
        final CountDownLatch over = new CountDownLatch(1);
        volatile Throwable error;
        volatile int numTokens;

        static Ending of(DemoServer server, int number, int numTokens) {
            var ending = new Ending();
            VllmEngineGrpc.newStub(server.channel).generate(
                    DemoServer.exactly("n" + number, numTokens).setStream(true).build(), ending);
            return ending;
        }

        Status.Code code() {
            return Status.fromThrowable(error).getCode();
        }

        @Override
        public void onNext(GenerateResponse response) {
            numTokens += response.getChunk().getTokenIdsCount();
            began.countDown();
        }

        @Override
        public void onError(Throwable failure) {
            error = failure;
            began.countDown();
            over.countDown();
        }

        @Override
        public void onCompleted() {
            over.countDown();
        }
    }
}
