package io.penstock.scheduler.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What clients see of a runner that dies or hangs, and of fronts that fail. */
class EngineFailureTest {
    private static final ModelLimits LIMITS = new ModelLimits(8, 128, 512, 48, 8, 16);
    private static final long SECOND_MS = 1_000;

    private static boolean isSoon(BooleanSupplier condition) throws InterruptedException {
        long endNs = System.nanoTime() + SECOND_MS * 1_000_000;
        while (System.nanoTime() < endNs) {
            if (condition.getAsBoolean()) {
                return true;
            }
            Thread.sleep(1);
        }
        return condition.getAsBoolean();
    }

    static Stream<Arguments> failures() {
        return Stream.of(FakeRunner.Point.START, FakeRunner.Point.LAUNCH, FakeRunner.Point.AWAIT)
                .flatMap(point -> Stream.of(1, 2, 3, 7, 20)
                        .flatMap(k -> Stream.of(true, false).map(overlap -> Arguments.of(point, k, overlap))));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void deadRunnerEndsEveryRequest(FakeRunner.Point point, int k, boolean overlap) throws InterruptedException {
        var runner = new FakeRunner(LIMITS, 0).failing(point, k);
        var front = new Front(256, 16_384);
        var other = new Front(256, 16_384);
        List<Request> requests = new ArrayList<>();
        List<Request> others = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            requests.add(front.request(Front.prompt(i, 5 + 9 * i), Request.Options.DEFAULTS, Front.params(i, 50),
                    Front.params(100 + i, 50)));
            others.add(other.request(i, 30, 50));
        }
        try (Engine engine = new Engine(runner, EngineConfig.throughput().withOverlap(overlap), System::nanoTime)) {
            EngineProxy proxy = engine.proxy();
            requests.forEach(request -> assertNull(proxy.submit(request)));
            others.forEach(request -> assertNull(proxy.submit(request)));
            assertTrue(proxy.isHealthy());
            engine.start();
            assertTrue(isSoon(() -> !proxy.isHealthy()), "health is true after a second");
            assertEquals(EngineState.FAILED, proxy.state());
            assertEquals("IllegalStateException: the device fell off the bus at " + point + " " + k, proxy.failure());
            front.readUntilEnded(requests, SECOND_MS);
            other.readUntilEnded(others, SECOND_MS);
            int numFailed = numFailed(front, requests) + numFailed(other, others);
            assertTrue(numFailed >= 10, () -> "only " + numFailed + " requests ended with an error");
            assertEquals(Rejection.STOPPED, proxy.submit(front.request(99, 10, 5)));
            proxy.abort(requests.getFirst());
            assertTrue(proxy.awaitDrained(SECOND_MS * 1_000_000));
            assertEquals(0, runner.numClosed);
        }
        assertEquals(1, runner.numClosed);
        assertEquals(0, front.read());
        assertEquals(0, front.queue.numOpenSequences());
    }

    private static int numFailed(Front front, List<Request> requests) {
        int numFailed = 0;
        for (Request request : requests) {
            FinishReason reason = front.output(request).finish.reason();
            assertTrue(reason == FinishReason.ERROR || reason == FinishReason.LENGTH, reason::toString);
            numFailed += reason == FinishReason.ERROR ? 1 : 0;
        }
        return numFailed;
    }

    @Test
    void resultThatDoesNotFitItsStepFailsTheEngine() throws InterruptedException {
        var runner = new FakeRunner(LIMITS, 0);
        runner.givesWrongRows = true;
        var front = new Front(16, 1_024);
        try (Engine engine = new Engine(runner, EngineConfig.throughput(), System::nanoTime)) {
            List<Request> requests = List.of(front.request(1, 10, 5), front.request(2, 10, 5));
            requests.forEach(request -> assertNull(engine.proxy().submit(request)));
            engine.start();
            front.readUntilEnded(requests, SECOND_MS);
            requests.forEach(request -> front.assertEnded(request, FinishReason.ERROR));
            assertFalse(engine.proxy().isHealthy());
        }
    }

    @Test
    void hungRunnerMakesTheEngineUnhealthy() throws InterruptedException {
        var runner = new FakeRunner(LIMITS, 0);
        CountDownLatch hang = runner.hang();
        var config = new EngineConfig(EngineConfig.throughput().scheduler(), 100, true, 50_000_000);
        var front = new Front(16, 1_024);
        try (Engine engine = new Engine(runner, config, System::nanoTime)) {
            engine.start();
            Thread.sleep(120);
            assertTrue(engine.proxy().isHealthy(), "an idle engine is not late");
            List<Request> requests = List.of(front.request(1, 10, 5));
            assertNull(engine.proxy().submit(requests.getFirst()));
            assertTrue(isSoon(() -> !engine.proxy().isHealthy()), "health is true with a step that hangs");
            assertEquals(EngineState.RUNNING, engine.proxy().state());
            hang.countDown();
            front.readUntilEnded(requests, SECOND_MS);
            assertTrue(isSoon(engine.proxy()::isHealthy), "health is false though the step has ended");
            front.assertComplete(requests.getFirst(), 1, 10, 5);
        }
    }

    @Test
    void hungRunnerDoesNotHoldUpClosing() throws InterruptedException {
        var runner = new FakeRunner(LIMITS, 0);
        CountDownLatch hang = runner.hang();
        var front = new Front(16, 1_024);
        Engine engine = new Engine(runner, EngineConfig.throughput().withCloseTimeoutNs(50_000_000), System::nanoTime);
        engine.start();
        List<Request> requests = List.of(front.request(1, 10, 5));
        assertNull(engine.proxy().submit(requests.getFirst()));
        assertTrue(isSoon(() -> runner.isHanging), "the step does not hang");
        assertTimeoutPreemptively(Duration.ofSeconds(5), engine::close);
        assertFalse(engine.proxy().isHealthy());
        assertEquals(Rejection.STOPPED, engine.proxy().submit(front.request(2, 10, 5)));
        assertEquals(0, runner.numClosed);
        hang.countDown();
        front.readUntilEnded(requests, SECOND_MS);
        front.assertEnded(requests.getFirst(), FinishReason.ABORT);
        assertTrue(isSoon(() -> runner.numClosed == 1), "the runner came back and was not closed");
    }

    @Test
    void frontThatThrowsHarmsNobody() throws InterruptedException {
        var broken = new OutputQueue(4, 256, () -> {
            throw new IllegalStateException("the front is gone");
        });
        var front = new Front(16, 1_024);
        try (Engine engine = new Engine(new FakeRunner(LIMITS, 0), EngineConfig.throughput(), System::nanoTime)) {
            engine.start();
            var gone = new Request(1, Front.prompt(1, 10), List.of(Front.params(1, 20)), new int[0],
                    Request.Options.DEFAULTS, broken);
            assertNull(engine.proxy().submit(gone));
            List<Request> requests = List.of(front.request(1, 10, 50));
            assertNull(engine.proxy().submit(requests.getFirst()));
            front.readUntilEnded(requests, SECOND_MS);
            front.assertComplete(requests.getFirst(), 1, 10, 50);
            assertTrue(engine.proxy().isHealthy());
        }
    }

    @Test
    void choiceThatIsNoneIsRefusedOnTheCallersThread() {
        var front = new Front(16, 1_024);
        try (Engine engine = new Engine(new FakeRunner(LIMITS, 0), EngineConfig.throughput(), System::nanoTime)) {
            Request request = front.request(1, 10, 5);
            assertThrows(IndexOutOfBoundsException.class, () -> engine.proxy().abort(request, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> engine.proxy().abort(request, -1));
        }
    }

    @Test
    void engineStartsOnce() {
        var front = new Front(16, 1_024);
        try (Engine engine = new Engine(new FakeRunner(LIMITS, 0), EngineConfig.throughput(), System::nanoTime)) {
            engine.start();
            assertThrows(IllegalStateException.class, engine::start);
            assertTimeoutPreemptively(Duration.ofSeconds(5), engine::close);
            assertThrows(IllegalStateException.class, engine::start);
            assertEquals(Rejection.STOPPED, engine.proxy().submit(front.request(1, 10, 5)));
        }
    }
}
