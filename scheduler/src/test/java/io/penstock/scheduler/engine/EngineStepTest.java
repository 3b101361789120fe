package io.penstock.scheduler.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The duty cycle, driven by hand with a clock of the test's own. */
class EngineStepTest {
    private static final ModelLimits LIMITS = new ModelLimits(8, 128, 512, 48, 8, 16);

    private final AtomicLong clock = new AtomicLong(1_000);
    private final FakeRunner runner = new FakeRunner(LIMITS, 0);
    private final Front front = new Front(256, 16_384);

    private Engine engine(EngineConfig config) {
        return new Engine(runner, config, clock::get);
    }

    private static void submit(Engine engine, Request request) {
        assertNull(engine.proxy().submit(request));
    }

    private void runToEnd(Engine engine) {
        int numCycles = 0;
        while (engine.doWork() > 0) {
            numCycles++;
            assertTrue(numCycles < 100_000, "the engine does not come to an end");
        }
        assertEquals("", engine.proxy().failure());
        front.read();
    }

    @Test
    void overlappedStepIsLaunchedBeforeTheLastOnesTokensAreLookedAt() {
        runner.isLogging = true;
        try (Engine engine = engine(EngineConfig.throughput())) {
            submit(engine, front.request(1, 10, 6));
            submit(engine, front.request(2, 10, 4));
            runToEnd(engine);
        }
        assertEquals(List.of("launch 1", "launch 2", "await 1", "launch 3", "await 2", "launch 4", "await 3",
                "launch 5", "await 4", "launch 6", "await 5", "await 6"), runner.calls());
        assertEquals(2, runner.maxInFlight);
    }

    @Test
    void synchronousStepsFollowEachOther() {
        runner.isLogging = true;
        try (Engine engine = engine(EngineConfig.throughput().withOverlap(false))) {
            submit(engine, front.request(1, 10, 3));
            runToEnd(engine);
        }
        assertEquals(List.of("launch 1", "await 1", "launch 2", "await 2", "launch 3", "await 3"), runner.calls());
        assertEquals(1, runner.maxInFlight);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tokensAreTheModelsWhateverTheOverlap(boolean overlap) {
        List<Request> requests = new ArrayList<>();
        var scarce = new FakeRunner(new ModelLimits(8, 128, 512, 16, 8, 16), 0);
        try (Engine engine = new Engine(scarce, EngineConfig.throughput().withOverlap(overlap), clock::get)) {
            for (int i = 0; i < 100; i++) {
                requests.add(front.request(i, 1 + i * 7 % 300, 1 + i * 13 % 150));
                submit(engine, requests.getLast());
            }
            runToEnd(engine);
            assertEquals(100, engine.stats().numFinished());
            assertTrue(engine.stats().numPreemptionsBySwap() + engine.stats().numPreemptionsByRecompute() > 0,
                    "the case is to be short of memory");
        }
        for (int i = 0; i < requests.size(); i++) {
            front.assertComplete(requests.get(i), i, 1 + i * 7 % 300, 1 + i * 13 % 150);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void slowReaderPausesOnlyItsOwnSequences(boolean overlap) {
        var slow = new Front(4, 64);
        try (Engine engine = engine(EngineConfig.throughput().withOverlap(overlap))) {
            List<Request> stalled = List.of(slow.request(1, 20, 300), slow.request(2, 20, 300));
            List<Request> others = List.of(front.request(3, 20, 300), front.request(4, 20, 300));
            stalled.forEach(request -> submit(engine, request));
            others.forEach(request -> submit(engine, request));
            for (int step = 0; step < 302; step++) {
                engine.doWork();
            }
            front.read();
            front.assertComplete(others.get(0), 3, 20, 300);
            front.assertComplete(others.get(1), 4, 20, 300);
            assertTrue(engine.stats().numStalledRows() > 400, "rows of the slow front were planned");
            assertEquals(0, engine.doWork(), "there is nothing to do until the slow front reads");

            assertFalse(slow.hasEnded(stalled.getFirst()));
            int numEvents = slow.read();
            assertTrue(numEvents > 20 && numEvents <= 64, () -> numEvents + " tokens were kept for the slow front");
            while (engine.doWork() > 0) {
                slow.read();
            }
            slow.read();
            slow.assertComplete(stalled.get(0), 1, 20, 300);
            slow.assertComplete(stalled.get(1), 2, 20, 300);
        }
    }

    @Test
    void deadlinesPassByTheEnginesClock() {
        try (Engine engine = engine(EngineConfig.throughput())) {
            var options = new Request.Options(0, 50_000_000, 0, Request.NO_PROMPT_LOGPROBS);
            Request late = front.request(Front.prompt(1, 10), options, Front.params(1, 400), Front.params(2, 400));
            Request free = front.request(2, 10, 40);
            submit(engine, late);
            submit(engine, free);
            for (int i = 0; i < 20; i++) {
                engine.doWork();
            }
            front.read();
            assertFalse(front.hasEnded(late));
            clock.set(60_000_000);
            runToEnd(engine);
            front.assertEnded(late, FinishReason.DEADLINE);
            front.assertComplete(free, 2, 10, 40);
        }
    }

    @Test
    void deadlineOfAWaitingRequestPasses() {
        try (Engine engine = engine(EngineConfig.throughput())) {
            List<Request> running = new ArrayList<>();
            for (int i = 0; i < LIMITS.maxNumSeqs(); i++) {
                running.add(front.request(i, 10, 60));
                submit(engine, running.getLast());
            }
            var options = new Request.Options(0, 50_000_000, 0, Request.NO_PROMPT_LOGPROBS);
            Request waiting = front.request(Front.prompt(99, 10), options, Front.params(99, 5));
            submit(engine, waiting);
            for (int i = 0; i < 5; i++) {
                engine.doWork();
            }
            clock.set(70_000_000);
            engine.doWork();
            front.read();
            front.assertEnded(waiting, FinishReason.DEADLINE);
            assertEquals(0, front.output(waiting).tokens.size());
            runToEnd(engine);
            for (int i = 0; i < running.size(); i++) {
                front.assertComplete(running.get(i), i, 10, 60);
            }
        }
    }

    @Test
    void queueIsFullAndRecovers() {
        try (Engine engine = engine(EngineConfig.throughput().withMaxQueuedRequests(3))) {
            List<Request> taken = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                taken.add(front.request(i, 10, 5));
                submit(engine, taken.getLast());
            }
            Request refused = front.request(9, 10, 5);
            assertEquals(Rejection.QUEUE_FULL, engine.proxy().submit(refused));
            assertEquals(3, front.queue.numOpenSequences());
            engine.doWork();
            submit(engine, refused);
            runToEnd(engine);
            taken.add(refused);
            taken.forEach(request -> front.assertEnded(request, FinishReason.LENGTH));
            assertEquals(0, front.queue.numOpenSequences());
        }
    }

    @Test
    void abortedRequestsLeaveTheQueue() {
        try (Engine engine = engine(EngineConfig.throughput().withMaxQueuedRequests(2))) {
            for (int round = 0; round < 50; round++) {
                Request request = front.request(round, 10, 5);
                submit(engine, request);
                engine.proxy().abort(request);
                engine.doWork();
                front.read();
                front.assertEnded(request, FinishReason.ABORT);
            }
        }
    }

    @Test
    void tooManyOpenSequencesAreRefusedUntilSomeEndAreRead() {
        var narrow = new Front(2, 256);
        try (Engine engine = engine(EngineConfig.throughput())) {
            Request two = narrow.request(
                    Front.prompt(1, 10), Request.Options.DEFAULTS, Front.params(1, 5), Front.params(2, 5));
            Request three = narrow.request(3, 10, 5);
            submit(engine, two);
            assertEquals(Rejection.TOO_MANY_OPEN, engine.proxy().submit(three));
            while (engine.doWork() > 0) {
                assertEquals(2, narrow.queue.numOpenSequences());
            }
            assertEquals(Rejection.TOO_MANY_OPEN, engine.proxy().submit(three));
            narrow.read();
            narrow.assertEnded(two, FinishReason.LENGTH);
            submit(engine, three);
            while (engine.doWork() > 0) {
                narrow.read();
            }
            narrow.read();
            narrow.assertComplete(three, 3, 10, 5);
        }
    }

    @Test
    void longPromptsAreRefused() {
        try (Engine engine = engine(EngineConfig.throughput())) {
            assertEquals(Rejection.PROMPT_TOO_LONG, engine.proxy().submit(front.request(1, 512, 1)));
            assertEquals(0, front.queue.numOpenSequences());
            Request longest = front.request(2, 511, 1);
            submit(engine, longest);
            runToEnd(engine);
            front.assertComplete(longest, 2, 511, 1);
        }
    }

    @Test
    void abortOfARefusedRequestDoesNothing() {
        try (Engine engine = engine(EngineConfig.throughput().withMaxQueuedRequests(1))) {
            Request taken = front.request(1, 10, 5);
            Request refused = front.request(2, 10, 5);
            submit(engine, taken);
            assertEquals(Rejection.QUEUE_FULL, engine.proxy().submit(refused));
            engine.proxy().abort(refused);
            engine.proxy().abort(refused, 0);
            runToEnd(engine);
            front.assertComplete(taken, 1, 10, 5);
            assertNull(front.output(refused).finish);
            submit(engine, refused);
            runToEnd(engine);
            front.assertComplete(refused, 2, 10, 5);
            engine.proxy().abort(refused);
            runToEnd(engine);
        }
    }

    @Test
    void oneChoiceIsAborted() {
        try (Engine engine = engine(EngineConfig.throughput())) {
            Request request = front.request(Front.prompt(1, 70), Request.Options.DEFAULTS, Front.params(1, 50),
                    Front.params(2, 50), Front.params(3, 50));
            submit(engine, request);
            for (int i = 0; i < 10; i++) {
                engine.doWork();
            }
            engine.proxy().abort(request, 1);
            runToEnd(engine);
            assertEquals(FinishReason.LENGTH, front.output(request, 0).finish.reason());
            assertEquals(FinishReason.ABORT, front.output(request, 1).finish.reason());
            assertEquals(FinishReason.LENGTH, front.output(request, 2).finish.reason());
            assertEquals(50, front.output(request, 2).tokens.size());
        }
    }

    @Test
    void countersAndTimesAddUp() {
        var ticking = new AtomicLong();
        try (Engine engine = new Engine(runner, EngineConfig.throughput(), () -> ticking.addAndGet(10))) {
            submit(engine, front.request(1, 10, 8));
            submit(engine, front.request(2, 10, 8));
            runToEnd(engine);
            assertEquals(8, engine.stats().numSteps());
            assertEquals(16, engine.stats().numOutputTokens());
            assertEquals(20, engine.stats().numPrefillTokens());
            assertEquals(14, engine.stats().numDecodeTokens());
            assertEquals(0, engine.stats().numRunning());
            assertEquals(0, engine.stats().numQueuedRequests());
            PhaseTimes times = engine.phaseTimes();
            assertEquals(10, times.commandsNs());
            assertEquals(80, times.launchNs());
            assertEquals(80, times.awaitNs());
            assertEquals(80, times.processNs());
            assertEquals(100, times.scheduleNs());
        }
        assertEquals(1, runner.numClosed);
    }
}
