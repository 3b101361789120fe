package io.penstock.serving.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.penstock.serving.grpc.DemoServer.Answer;
import io.penstock.serving.grpc.wire.AbortRequest;
import io.penstock.serving.grpc.wire.AbortResponse;
import io.penstock.serving.grpc.wire.GenerateResponse;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Calls that end at any moment, in any way, leave nothing behind. */
class AbortedCallsTest {
    /** -Dpenstock.aborts=10000 for a long run. */
    private static final int NUM_CALLS = Integer.getInteger("penstock.aborts", 400);
    private static final int NUM_AT_ONCE = 48;
    private static final int MAX_TOKENS = 400;
    private static final long SEED = 7;

    private enum Way { CANCEL, DEADLINE, ABORT, CONNECTION }

    private final Semaphore room = new Semaphore(NUM_AT_ONCE);
    private final AtomicInteger numBegun = new AtomicInteger();

    /** A call, whose end makes room for another. */
    private final class Call implements StreamObserver<GenerateResponse> {
        private boolean hasBegun;

        @Override
        public void onNext(GenerateResponse response) {
            if (!hasBegun) {
                hasBegun = true;
                numBegun.incrementAndGet();
            }
        }

        @Override
        public void onError(Throwable error) {
            room.release();
        }

        @Override
        public void onCompleted() {
            room.release();
        }
    }

    private static final class Nobody implements StreamObserver<AbortResponse> {
        @Override
        public void onNext(AbortResponse response) {}

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onCompleted() {}
    }

    @Test
    void nothingIsLeftOfCallsThatWereAborted() throws InterruptedException {
        Map<Way, Integer> counts = new EnumMap<>(Way.class);
        try (DemoServer server = DemoServer.small()) {
            var random = new SplittableRandom(SEED);
            for (int i = 0; i < NUM_CALLS; i++) {
                Way way = Way.values()[random.nextInt(Way.values().length)];
                counts.merge(way, 1, Integer::sum);
                assertTrue(room.tryAcquire(60, TimeUnit.SECONDS), "calls do not end");
                abort(server, way, "r" + i, random);
            }
            assertTrue(room.tryAcquire(NUM_AT_ONCE, 60, TimeUnit.SECONDS), "calls do not end");
            server.awaitEmpty();
            assertTrue(numBegun.get() > NUM_CALLS / 4, () -> numBegun + " of " + counts + " had begun");
            assertEquals(3, Answer.of(server.stub().generate(DemoServer.exactly("after", 3).setStream(true).build()))
                    .tokenIds().size());
            server.awaitEmpty();
        }
    }

    private void abort(DemoServer server, Way way, String id, SplittableRandom random) throws InterruptedException {
        Context.CancellableContext context = Context.current().withCancellation();
        long deadlineMs = way == Way.DEADLINE ? 1 + random.nextInt(80) : 60_000;
        ManagedChannel channel = way != Way.CONNECTION ? server.channel : NettyChannelBuilder
                .forAddress("127.0.0.1", server.grpc.port()).usePlaintext().build();
        context.run(() -> VllmEngineGrpc.newStub(channel).withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS)
                .generate(DemoServer.exactly(id, 1 + random.nextInt(MAX_TOKENS)).setStream(random.nextInt(4) > 0)
                        .build(), new Call()));
        TimeUnit.MICROSECONDS.sleep(random.nextInt(12_000));
        switch (way) {
            case CANCEL -> context.cancel(null);
            case DEADLINE -> { }
            case ABORT -> VllmEngineGrpc.newStub(server.channel).abort(
                    AbortRequest.newBuilder().addRequestIds(id).build(), new Nobody());
            case CONNECTION -> channel.shutdownNow();
        }
    }
}
