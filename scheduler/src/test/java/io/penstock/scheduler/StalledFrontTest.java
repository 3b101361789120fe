package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.SchedulerConfig.Watermarks;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front that does not read holds up its own sequences and nobody else's, and loses nothing. */
class StalledFrontTest {
    private static final SchedulerConfig CONFIG = new SchedulerConfig(true, 1, 1, 1_000, 1, new Watermarks(0, 0));

    private final OutputQueue asleep = new OutputQueue(52, 48, () -> {});
    private final OutputQueue awake = new OutputQueue(100, 1_000, () -> {});
    private final Outcome.Collector collector = new Outcome.Collector();
    private Scheduler scheduler;
    private Driver driver;
    private int[][] tables;

    private void start(ModelLimits limits, boolean overlaps) {
        scheduler = new Scheduler(limits, CONFIG);
        tables = new int[limits.numConvSlots()][limits.maxBlocksPerSeq()];
        driver = new Driver(scheduler, new NullRunner(limits, 500, 1), overlaps);
        driver.onPlanned = this::updateTables;
    }

    private void updateTables(ForwardBatch batch) {
        for (int i = 0; i < batch.numBlockUpdates(); i++) {
            tables[batch.updateConvSlot(i)][batch.updateIndex(i)] = batch.updateBlock(i);
        }
    }

    private Request submit(Request request) {
        collector.outcomes.put(request.id(), new Outcome(request.numChoices()));
        return Requests.submit(scheduler, request);
    }

    private static Request.Options promptLogprobs(int number) {
        return new Request.Options(0, Request.NO_DEADLINE, 0, number);
    }

    /** Steps until only what the sleeping front wants is left. */
    private void runAwake() {
        for (int numIdle = 0; numIdle < 3;) {
            numIdle = driver.step() ? 0 : numIdle + 1;
            awake.poll(collector, Integer.MAX_VALUE);
        }
    }

    private void runAll() {
        for (int numIdle = 0; numIdle < 3;) {
            numIdle = driver.step() ? 0 : numIdle + 1;
            awake.poll(collector, Integer.MAX_VALUE);
            asleep.poll(collector, Integer.MAX_VALUE);
        }
        assertTrue(scheduler.isIdle(), "something is left");
        assertEquals(0, asleep.numReservedWords());
        assertEquals(0, awake.numReservedWords());
    }

    private OutputHandler.Finish finish(long id) {
        return collector.outcomes.get(id).choices.getFirst().finish;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void othersGoOn(boolean overlaps) {
        start(new ModelLimits(8, 64, 512, 64, 8), overlaps);
        submit(Requests.of(0, Requests.prompt(10, 0), 200, asleep));
        submit(Requests.of(1, Requests.prompt(10, 1), 200, awake));
        runAwake();
        assertEquals(FinishReason.LENGTH, finish(1).reason());
        assertEquals(1, scheduler.stats().numRunning());
        assertTrue(scheduler.stats().numStalledRows() > 0);
        runAll();
        assertEquals(200, collector.outcomes.get(0L).choices.getFirst().rows.size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCommonPrefixThatStallsIsNotWaitedFor(boolean overlaps) {
        start(new ModelLimits(8, 33, 512, 64, 8), overlaps);
        submit(Requests.of(0, Requests.prompt(10, 0), 200, asleep));
        for (int i = 0; i < 22; i++) {
            driver.step();
        }
        Request stalled = submit(Requests.of(1, Requests.prompt(128, 5), 5, asleep));
        runAwake();
        assertEquals(Sequence.State.PREFILL, stalled.leader.state);
        int[] prompt = Arrays.copyOf(Requests.prompt(128, 5), 140);
        submit(Requests.of(2, prompt, 5, awake));
        runAwake();
        assertNotNull(finish(2), "it waits for a prompt that stands still");
        runAll();
    }

    @Test
    void aPromptWhoseLogprobsHaveNoRoomHoldsUpNobodyBehindIt() {
        start(new ModelLimits(8, 64, 512, 64, 8), true);
        while (asleep.reserve(10)) {
            continue;
        }
        submit(new Request(1, Requests.prompt(64, 5), List.of(SamplingParams.greedy(5)), new int[0],
                promptLogprobs(20), asleep));
        submit(Requests.of(2, Requests.prompt(64, 6), 5, awake));
        runAwake();
        assertNotNull(finish(2), "it waits behind a prompt whose front does not read");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 20})
    void promptLogprobsNeverOverrunTheRing(int numTop) {
        start(new ModelLimits(16, 64, 512, 64, 8), true);
        SamplingParams params = Requests.of(0, new int[1], 6, asleep).sequences[0].params;
        for (int i = 0; i < 6; i++) {
            submit(new Request(i, Requests.prompt(10 + 7 * i, i), List.of(params), new int[0], promptLogprobs(numTop),
                    asleep));
        }
        for (int step = 0; step < 2_000; step++) {
            driver.step();
            assertTrue(asleep.numReservedWords() >= 0, "words reserved after step " + step);
            if (step % 5 == 0) {
                asleep.poll(collector, 3);
            }
        }
        runAll();
        for (int i = 0; i < 6; i++) {
            assertEquals(9 + 7 * i, collector.outcomes.get((long) i).promptRows.size());
            assertEquals(6, collector.outcomes.get((long) i).choices.getFirst().rows.size());
        }
    }

    @Test
    void promptLogprobsAreReportedOnceWhicheverChoiceComputesThem() {
        start(new ModelLimits(4, 8, 512, 64, 8), true);
        Request request = submit(new Request(0, Requests.prompt(100, 5),
                Collections.nCopies(3, SamplingParams.greedy(5)), new int[0], promptLogprobs(0), awake));
        for (int i = 0; i < 10; i++) {
            driver.step();
        }
        scheduler.abort(request, 0);
        runAll();
        Outcome outcome = collector.outcomes.get(0L);
        assertEquals(99, outcome.promptRows.size());
        assertEquals(5, outcome.choices.get(1).rows.size());
        assertEquals(5, outcome.choices.get(2).rows.size());
    }

    @Test
    void aBlockThatIsGivenUpIsToldEvenWhenNothingIsComputed() {
        start(new ModelLimits(4, 128, 512, 64, 8), false);
        int[] prompt = Requests.prompt(130, 5);
        submit(Requests.of(0, prompt, 1, awake));
        runAwake();
        Sequence sequence = submit(new Request(1, prompt, List.of(SamplingParams.greedy(200)), new int[0],
                promptLogprobs(0), asleep)).leader;
        while (sequence.numCommitted == 0) {
            driver.step();
            asleep.poll(collector, Integer.MAX_VALUE);
        }
        int numWords = 0;
        while (asleep.reserve(2)) {
            numWords += 2;
        }
        driver.step();
        assertEquals(0, scheduler.numInFlight());
        asleep.unreserve(numWords);
        driver.step();
        assertEquals(sequence.blocks[0], tables[sequence.convSlot][0], "the block that the runner reads");
        runAll();
    }

    @Test
    void whoGivesWayInAnEmptyStepComesBack() {
        start(new ModelLimits(4, 200, 256, 4, 0), false);
        submit(Requests.of(0, Requests.prompt(100, 0), 150, 1, Requests.priority(-1), asleep));
        for (int i = 0; i < 40; i++) {
            driver.step();
        }
        Request young = submit(Requests.of(1, Requests.prompt(120, 1), 100, awake));
        for (int i = 0; i < 200; i++) {
            driver.step();
            awake.poll(collector, Integer.MAX_VALUE);
        }
        assertTrue(young.leader.numPreemptions > 0, "it gave way to none but itself");
        scheduler.abort(young);
        Request next = submit(Requests.of(2, Requests.prompt(120, 2), 100, awake));
        runAwake();
        assertTrue(next.leader.numPreemptions > 0);
        scheduler.abort(scheduler.parts().running().at(0).request);
        runAll();
        assertEquals(FinishReason.LENGTH, finish(2).reason());
    }
}
