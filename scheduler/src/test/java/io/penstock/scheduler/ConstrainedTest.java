package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.TokenGrammar;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sequences whose outputs a grammar bounds: which steps they are in, what masks they bring, and how they end. */
class ConstrainedTest {
    private static final int END = 99;
    private static final int VOCAB = 100;
    private static final FakeGrammar GRAMMAR = new FakeGrammar(VOCAB - 1, END);

    private final OutputQueue queue = Requests.queue(64);
    private final Outcome.Collector collector = new Outcome.Collector();

    private static ModelLimits limits(int maxNumMasks) {
        return new ModelLimits(16, 256, 256, 64, 8, 0, new MaskLimits(maxNumMasks, VOCAB));
    }

    private Request submit(Scheduler scheduler, long id, boolean isBound, boolean ignoresEos) {
        var stop = new StopConditions(20, 0, Set.of(), List.of(), ignoresEos, false);
        var constraints = isBound
                ? new TokenConstraints(Map.of(), Set.of(), List.of(), GRAMMAR) : TokenConstraints.NONE;
        var params = new SamplingParams(0, TokenFilters.NONE, Penalties.NONE, constraints, stop, 0, -1);
        collector.outcomes.put(id, new Outcome(1));
        return Requests.submit(scheduler, new Request(id, Requests.prompt(5, id), List.of(params), new int[] {END},
                Request.Options.DEFAULTS, queue));
    }

    private static void assertPermitted(Outcome.Choice choice) {
        TokenGrammar.State state = GRAMMAR.start();
        for (Outcome.Row row : choice.rows) {
            state = state.after(row.tokenId());
            assertNotNull(state, "token " + row.tokenId());
        }
        if (choice.finish.reason() == FinishReason.STOP) {
            int[] words = new int[4];
            state.fillMask(words, 0, 4);
            assertTrue((words[3] >>> END & 1) != 0, "the end is permitted");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void waitsForItsTokenWhileOthersOverlap(boolean overlaps) {
        ModelLimits limits = limits(16);
        var scheduler = new Scheduler(limits, SchedulerConfig.throughput());
        var driver = new Driver(scheduler, new MaskRunner(limits), overlaps);
        Request bound = submit(scheduler, 1, true, false);
        submit(scheduler, 2, false, false);
        List<Integer> withMask = new ArrayList<>();
        List<Integer> without = new ArrayList<>();
        driver.onPlanned = batch -> {
            for (int row = 0; row < batch.numLogits(); row++) {
                (batch.maskIndex(row) >= 0 ? withMask : without).add(driver.numSteps);
            }
        };
        driver.run();
        queue.poll(collector, 1000);
        assertPermitted(collector.outcomes.get(1L).choices.getFirst());
        assertTrue(bound.sequences[0].numOutput() > 3, "tokens");
        for (int i = 1; i < withMask.size(); i++) {
            int since = withMask.get(i) - withMask.get(i - 1);
            boolean isAlone = withMask.get(i - 1) >= without.getLast();
            assertEquals(overlaps && !isAlone ? 2 : 1, since, "steps between tokens of " + withMask + ", " + without);
        }
        for (int i = 1; i < without.size(); i++) {
            assertEquals(1, without.get(i) - without.get(i - 1), "the free one is in every step");
        }
    }

    @Test
    void aSequenceWithoutRoomForItsMaskWaits() {
        ModelLimits limits = limits(2);
        var scheduler = new Scheduler(limits, SchedulerConfig.throughput());
        var driver = new Driver(scheduler, new MaskRunner(limits), true);
        for (int i = 0; i < 12; i++) {
            submit(scheduler, i, true, false);
        }
        driver.onPlanned = batch -> assertTrue(batch.masks().numMasks() <= 2);
        driver.run();
        queue.poll(collector, 1000);
        assertTrue(scheduler.stats().numStalledRows() > 0);
        for (Outcome outcome : collector.outcomes.values()) {
            assertPermitted(outcome.choices.getFirst());
            assertTrue(outcome.choices.getFirst().isWhole());
        }
    }

    @Test
    void anEndTokenEndsItEvenWhereEndsAreIgnored() {
        ModelLimits limits = limits(16);
        var scheduler = new Scheduler(limits, SchedulerConfig.throughput());
        for (int i = 0; i < 12; i++) {
            submit(scheduler, i, true, true);
        }
        new Driver(scheduler, new MaskRunner(limits), false).run();
        queue.poll(collector, 1000);
        long numStopped = collector.outcomes.values().stream().map(outcome -> outcome.choices.getFirst())
                .filter(choice -> choice.finish.reason() == FinishReason.STOP).count();
        assertTrue(numStopped > 6, numStopped + " stopped");
    }

    @Test
    void aRunnerThatDoesNotHeedTheMaskEndsItWithAnError() {
        ModelLimits limits = limits(16);
        var scheduler = new Scheduler(limits, SchedulerConfig.throughput());
        submit(scheduler, 1, true, false);
        new Driver(scheduler, new NullRunner(limits, VOCAB - 1, 5), false).run();
        queue.poll(collector, 1000);
        Outcome.Choice choice = collector.outcomes.get(1L).choices.getFirst();
        assertEquals(FinishReason.ERROR, choice.finish.reason());
        assertTrue(choice.rows.size() < 20);
    }

    @Test
    void withoutRoomForMasksAnywhereItIsRefused() {
        var scheduler = new Scheduler(limits(0), SchedulerConfig.throughput());
        var bound = new SamplingParams(0, TokenFilters.NONE, Penalties.NONE,
                new TokenConstraints(Map.of(), Set.of(), List.of(), GRAMMAR), StopConditions.afterTokens(5), 0, -1);
        var request = new Request(1, new int[] {1}, List.of(bound), new int[] {END}, Request.Options.DEFAULTS, queue);
        assertEquals(Rejection.NO_MASKS, scheduler.refusal(request));
        assertNull(scheduler.refusal(Requests.of(2, new int[] {1}, 5, queue)));
    }

    /** Takes a permitted token by a hash of where it is; any token where all are permitted. */
    private static final class MaskRunner implements ModelRunner {
        private final ModelLimits limits;
        private final StepResult[] results = new StepResult[MAX_STEPS_IN_FLIGHT];
        private long numLaunched;
        private long numAwaited;

        MaskRunner(ModelLimits limits) {
            this.limits = limits;
            for (int i = 0; i < results.length; i++) {
                results[i] = new StepResult(limits.maxNumLogits());
            }
        }

        @Override
        public ModelLimits limits() {
            return limits;
        }

        @Override
        public void startSequence(int convSlot, SamplingParams params, int[] ids, int promptLength, int numTokens) {}

        @Override
        public void launch(ForwardBatch batch) {
            StepResult result = results[(int) (numLaunched++ % results.length)];
            result.reset(batch.numLogits());
            for (int row = 0; row < batch.numLogits(); row++) {
                int tokenId = (int) (numLaunched * 37 + row * 11L) % (VOCAB - 1);
                int mask = batch.maskIndex(row);
                while (mask >= 0 && (batch.masks().words()[batch.masks().offset(mask) + tokenId / 32]
                        >>> tokenId & 1) == 0) {
                    tokenId = (tokenId + 1) % VOCAB;
                }
                result.setToken(row, tokenId);
            }
        }

        @Override
        public StepResult await() {
            return results[(int) (numAwaited++ % results.length)];
        }

        @Override
        public void close() {}
    }
}
