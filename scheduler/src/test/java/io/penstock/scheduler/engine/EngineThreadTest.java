package io.penstock.scheduler.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine on its own thread: waking, draining, closing, while others submit and abort. */
@Timeout(60)
class EngineThreadTest {
    private static final ModelLimits LIMITS = new ModelLimits(8, 128, 512, 48, 8, 16);
    private static final long LONG_MS = 20_000;

    private static Engine start(FakeRunner runner) {
        Engine engine = new Engine(runner, EngineConfig.throughput(), System::nanoTime);
        engine.start();
        return engine;
    }

    /** A lost wake-up costs the 100 ms that an idle engine sleeps. */
    @Test
    void sleepingEngineStartsAtOnce() throws InterruptedException {
        var front = new Front(4, 256);
        long[] elapsedNs = new long[400];
        try (Engine engine = start(new FakeRunner(LIMITS, 0))) {
            for (int round = 0; round < elapsedNs.length; round++) {
                if (round % 3 == 0) {
                    TimeUnit.MICROSECONDS.sleep(200 + round % 7 * 100);
                }
                Request request = front.request(round, 3, 1);
                long startNs = System.nanoTime();
                assertNull(engine.proxy().submit(request));
                front.readUntilEnded(List.of(request), LONG_MS);
                elapsedNs[round] = System.nanoTime() - startNs;
            }
        }
        Arrays.sort(elapsedNs);
        long p95Ms = elapsedNs[elapsedNs.length * 95 / 100] / 1_000_000;
        assertTrue(p95Ms < 20, () -> "5 % of the requests take more than " + p95Ms + " ms");
        long numLost = Arrays.stream(elapsedNs).filter(ns -> ns > 90_000_000).count();
        assertTrue(numLost <= 2, () -> numLost + " wake-ups of " + elapsedNs.length + " were lost");
    }

    @Test
    void drainFinishesWhatRunsAndRefusesWhatComes() throws InterruptedException {
        var front = new Front(64, 16_384);
        try (Engine engine = start(new FakeRunner(LIMITS, 100_000))) {
            EngineProxy proxy = engine.proxy();
            List<Request> requests = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                requests.add(front.request(i, 20, 40));
                assertNull(proxy.submit(requests.getLast()));
            }
            assertFalse(proxy.awaitDrained(1_000_000), "nobody has asked for it");
            proxy.drain();
            assertEquals(Rejection.DRAINING, proxy.submit(front.request(99, 10, 5)));
            assertTrue(proxy.awaitDrained(LONG_MS * 1_000_000));
            front.read();
            for (int i = 0; i < requests.size(); i++) {
                front.assertComplete(requests.get(i), i, 20, 40);
            }
            assertEquals(EngineState.DRAINING, proxy.state());
            assertEquals(Rejection.DRAINING, proxy.submit(front.request(99, 10, 5)));
            assertTrue(proxy.isHealthy());
        }
    }

    @Test
    void whatWasTakenBeforeDrainIsFinished() throws Exception {
        for (int round = 0; round < 100; round++) {
            var front = new Front(64, 4_096);
            try (Engine engine = start(new FakeRunner(LIMITS, 0));
                    ExecutorService threads = Executors.newSingleThreadExecutor()) {
                List<Request> taken = new ArrayList<>();
                Future<?> submits = threads.submit(() -> {
                    for (int i = 0; i < 30; i++) {
                        Request request = front.request(i, 5, 3);
                        if (engine.proxy().submit(request) == null) {
                            taken.add(request);
                        }
                    }
                });
                TimeUnit.MICROSECONDS.sleep(round * 3);
                engine.proxy().drain();
                assertTrue(engine.proxy().awaitDrained(LONG_MS * 1_000_000));
                submits.get();
                front.read();
                taken.forEach(request -> front.assertEnded(request, FinishReason.LENGTH));
            }
        }
    }

    @Test
    void idleEngineDrainsAtOnce() throws InterruptedException {
        try (Engine engine = start(new FakeRunner(LIMITS, 0))) {
            Thread.sleep(20);
            engine.proxy().drain();
            assertTrue(engine.proxy().awaitDrained(LONG_MS * 1_000_000));
        }
    }

    @Test
    void closeEndsWhatRuns() throws InterruptedException {
        var front = new Front(64, 16_384);
        var runner = new FakeRunner(LIMITS, 1_000_000);
        List<Request> requests = new ArrayList<>();
        Engine engine = start(runner);
        for (int i = 0; i < 20; i++) {
            requests.add(front.request(i, 20, 400));
            assertNull(engine.proxy().submit(requests.getLast()));
        }
        Thread.sleep(20);
        assertTimeoutPreemptively(Duration.ofSeconds(5), engine::close);
        front.read();
        requests.forEach(request -> front.assertEnded(request, FinishReason.ABORT));
        assertEquals(Rejection.STOPPED, engine.proxy().submit(front.request(99, 10, 5)));
        engine.proxy().abort(requests.getFirst());
        engine.close();
        assertEquals(1, runner.numClosed);
        assertFalse(engine.proxy().isHealthy());
        assertEquals(0, front.queue.numOpenSequences());
    }

    @Test
    void closeWithoutStartEndsWhatWasTaken() {
        var front = new Front(64, 16_384);
        var runner = new FakeRunner(LIMITS, 0);
        Engine engine = new Engine(runner, EngineConfig.throughput(), System::nanoTime);
        Request request = front.request(1, 10, 5);
        assertNull(engine.proxy().submit(request));
        engine.close();
        engine.close();
        front.read();
        front.assertEnded(request, FinishReason.ABORT);
        assertEquals(1, runner.numClosed);
    }

    /** What one thread of the storm did: the requests that were taken, and those that were not. */
    private record Storm(List<Request> taken, List<Request> refused) {}

    private static Callable<Storm> storm(Engine engine, Front front, long seed) {
        return () -> {
            var random = new Random(seed);
            var storm = new Storm(new ArrayList<>(), new ArrayList<>());
            int numRefusedInARow = 0;
            while (numRefusedInARow < 50) {
                int numChoices = 1 + random.nextInt(3);
                SamplingParams[] choices = new SamplingParams[numChoices];
                Arrays.setAll(choices, i -> Front.params(random.nextLong(), 1 + random.nextInt(40)));
                Request request = front.request(
                        Front.prompt(random.nextInt(20), 1 + random.nextInt(200)), Request.Options.DEFAULTS, choices);
                Rejection rejection = engine.proxy().submit(request);
                if (rejection == null) {
                    storm.taken.add(request);
                } else {
                    storm.refused.add(request);
                }
                numRefusedInARow = rejection == Rejection.STOPPED ? numRefusedInARow + 1 : 0;
                switch (random.nextInt(4)) {
                    case 0 -> engine.proxy().abort(request);
                    case 1 -> engine.proxy().abort(request, random.nextInt(numChoices));
                    case 2 -> engine.proxy().resetPrefixCache();
                    default -> TimeUnit.MICROSECONDS.sleep(random.nextInt(100));
                }
            }
            return storm;
        };
    }

    /** Whatever happens around the end, a request has one end for each choice, or was refused and has none. */
    @ParameterizedTest
    @ValueSource(strings = {"close", "drain", "failure"})
    void everyRequestEndsOnceWhateverHappens(String end) throws Exception {
        int numTaken = 0;
        for (int round = 0; round < 40; round++) {
            var runner = new FakeRunner(LIMITS, round % 2 * 20_000);
            if (end.equals("failure")) {
                runner.failing(FakeRunner.Point.LAUNCH, 1 + round * 5);
            }
            var config = EngineConfig.throughput().withMaxQueuedRequests(64).withOverlap(round % 4 < 2);
            Engine engine = new Engine(runner, config, System::nanoTime);
            int numThreads = 3;
            List<Front> fronts = new ArrayList<>();
            List<Future<Storm>> storms = new ArrayList<>();
            try (ExecutorService threads = Executors.newFixedThreadPool(numThreads)) {
                for (int i = 0; i < numThreads; i++) {
                    fronts.add(new Front(100, 1_024));
                    storms.add(threads.submit(storm(engine, fronts.get(i), round * 10L + i)));
                }
                engine.start();
                long endNs = System.nanoTime() + 1_000_000L * (1 + round % 20);
                while (System.nanoTime() < endNs) {
                    fronts.forEach(Front::read);
                    Thread.sleep(0, 100_000);
                }
                if (end.equals("drain")) {
                    engine.proxy().drain();
                    while (!engine.proxy().awaitDrained(100_000)) {
                        fronts.forEach(Front::read);
                    }
                }
                assertTimeoutPreemptively(Duration.ofSeconds(10), engine::close);
                for (int i = 0; i < numThreads; i++) {
                    Storm storm = storms.get(i).get(10, TimeUnit.SECONDS);
                    check(fronts.get(i), storm);
                    numTaken += storm.taken.size();
                }
            }
            assertEquals(1, runner.numClosed);
        }
        assertTrue(numTaken > 500, "too few requests to be a storm");
    }

    private static void check(Front front, Storm storm) {
        front.read();
        for (Request request : storm.taken) {
            assertTrue(front.hasEnded(request), () -> "request " + request.id() + " hangs");
        }
        for (Request request : storm.refused) {
            for (int choice = 0; choice < request.numChoices(); choice++) {
                assertNull(front.output(request, choice).finish, "a refused request has an end");
            }
        }
        assertEquals(0, front.queue.numOpenSequences());
    }

    @Test
    void closeFromACallbackDoesNotWaitForItself() throws InterruptedException {
        var runner = new FakeRunner(LIMITS, 0);
        Engine engine = new Engine(runner, EngineConfig.throughput(), System::nanoTime);
        var queue = new OutputQueue(4, 256, engine::close);
        engine.start();
        assertNull(engine.proxy().submit(new Request(1, Front.prompt(1, 10), List.of(Front.params(1, 20)),
                new int[0], Request.Options.DEFAULTS, queue)));
        long endNs = System.nanoTime() + LONG_MS * 1_000_000;
        while (runner.numClosed == 0) {
            assertTrue(System.nanoTime() < endNs, "the engine waits for itself");
            Thread.sleep(1);
        }
    }
}
