package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.StepResult;
import io.penstock.scheduler.SchedulerConfig.Watermarks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that end before their time: one by one at every step of their lives, and all at once. */
class EndsTest {
    private static final ModelLimits LIMITS = new ModelLimits(4, 40, 256, 7, 4, 4);
    private static final SchedulerConfig CONFIG = new SchedulerConfig(true, 1, 1, 30, 1, new Watermarks(0, 0.1));

    private final OutputQueue queue = Requests.queue(100);
    private final Outcome.Collector collector = new Outcome.Collector();
    private final Scheduler scheduler = new Scheduler(LIMITS, CONFIG);
    private final NullRunner runner = new NullRunner(LIMITS, 100, 1);

    private Request submit(long id, int promptLength, int maxTokens, int numChoices) {
        collector.outcomes.put(id, new Outcome(numChoices));
        return Requests.submit(scheduler, Requests.of(
                id, Requests.prompt(promptLength, id), maxTokens, numChoices, Request.Options.DEFAULTS, queue));
    }

    private void assertEmpty() {
        assertTrue(scheduler.isIdle());
        scheduler.checkIntegrity();
        queue.poll(collector, Integer.MAX_VALUE);
        assertEquals(0, scheduler.parts().memory().cache().numInUse());
        assertEquals(LIMITS.numConvSlots(), scheduler.parts().memory().numFreeSlots());
        assertEquals(LIMITS.numSwapBlocks(), scheduler.parts().memory().numFreeHostBlocks());
        assertEquals(0, queue.numReservedWords());
        assertEquals(0, queue.numOpenSequences());
        assertEquals(0, scheduler.numQueuedRequests());
    }

    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void anAbortAtEveryStepLeavesNothing(boolean overlaps, boolean isInFlight) {
        for (int at = 0; at < 130; at++) {
            Request[] requests = {submit(0, 70, 60, 1), submit(1, 100, 40, 3), submit(2, 20, 100, 1)};
            int victim = at % 3;
            var driver = new Driver(scheduler, runner, overlaps);
            int stop = at;
            driver.onLaunched = () -> {
                if (isInFlight && driver.numSteps == stop) {
                    scheduler.abort(requests[victim]);
                    scheduler.checkIntegrity();
                }
            };
            for (int i = 0; i < at; i++) {
                driver.step();
            }
            if (!isInFlight) {
                scheduler.abort(requests[victim]);
                scheduler.abort(requests[victim], 0);
            }
            driver.run();
            assertEmpty();
            for (int i = 0; i < 3; i++) {
                boolean mayBeAborted = i == victim;
                for (Outcome.Choice choice : collector.outcomes.get((long) i).choices) {
                    assertTrue(mayBeAborted || choice.finish.reason() == FinishReason.LENGTH,
                            "request " + i + " ends with " + choice.finish + ", aborted at step " + at);
                }
            }
        }
    }

    @Test
    void aLeaderThatIsAbortedHandsItsPromptOn() {
        Request request = submit(0, 100, 5, 3);
        var driver = new Driver(scheduler, runner, true);
        scheduler.abort(request, 0);
        driver.step();
        driver.step();
        scheduler.abort(request, 1);
        driver.run();
        assertEmpty();
        Outcome outcome = collector.outcomes.get(0L);
        assertEquals(FinishReason.ABORT, outcome.choices.get(0).finish.reason());
        assertEquals(FinishReason.ABORT, outcome.choices.get(1).finish.reason());
        assertEquals(5, outcome.choices.get(2).rows.size());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 5, 20, 60, 100})
    void allEndWhenTheRunnerIsDead(int numSteps) {
        for (int i = 0; i < 6; i++) {
            submit(i, 30 + 20 * i, 90, 1 + i % 3);
        }
        var driver = new Driver(scheduler, runner, true);
        for (int i = 0; i < numSteps; i++) {
            driver.step();
        }
        scheduler.failAll(FinishReason.ERROR);
        assertEmpty();
        for (Outcome outcome : collector.outcomes.values()) {
            for (Outcome.Choice choice : outcome.choices) {
                assertTrue(choice.finish.reason() == FinishReason.ERROR || choice.isWhole());
            }
        }
    }

    @Test
    void stepsComeInOrder() {
        submit(0, 10, 5, 1);
        assertThrows(IllegalStateException.class, () -> scheduler.process(new StepResult(1)));
        scheduler.schedule(0).launch(runner);
        assertEquals(1, scheduler.numInFlight());
        scheduler.schedule(0).launch(runner);
        assertThrows(IllegalStateException.class, () -> scheduler.schedule(0));
        StepResult wrong = new StepResult(3);
        wrong.reset(3);
        assertThrows(IllegalStateException.class, () -> scheduler.process(wrong));
        scheduler.process(runner.await());
        scheduler.process(runner.await());
        new Driver(scheduler, runner, true).run();
        assertEmpty();
        assertEquals(5, collector.outcomes.get(0L).choices.getFirst().rows.size());
    }
}
