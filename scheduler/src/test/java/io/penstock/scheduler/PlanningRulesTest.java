package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who computes what in a step: decode and prefill side by side, order, deadlines, prompts in common. */
class PlanningRulesTest {
    private static final int VOCAB = 4000;

    private final Outcome.Collector collector = new Outcome.Collector();
    private final OutputQueue queue = Requests.queue(2000);
    private Scheduler scheduler;
    private Driver driver;

    private void start(ModelLimits limits, SchedulerConfig config, boolean overlaps) {
        scheduler = new Scheduler(limits, config);
        driver = new Driver(scheduler, new NullRunner(limits, VOCAB, 1), overlaps);
        driver.onLaunched = () -> queue.poll(collector, Integer.MAX_VALUE);
    }

    private Request submit(Request request) {
        collector.outcomes.put(request.id(), new Outcome(request.numChoices()));
        return Requests.submit(scheduler, request);
    }

    private int numOutputs(long id) {
        queue.poll(collector, Integer.MAX_VALUE);
        return collector.outcomes.get(id).choices.getFirst().rows.size();
    }

    private OutputHandler.Finish finish(long id) {
        queue.poll(collector, Integer.MAX_VALUE);
        return collector.outcomes.get(id).choices.getFirst().finish;
    }

    @ParameterizedTest
    @CsvSource({"true, 2147483647", "false, 2147483647", "true, 512", "false, 512"})
    void aLongPromptNeverStarvesDecode(boolean overlaps, int maxChunkTokens) {
        start(new ModelLimits(64, 2048, 110_000, 8_000, 16),
                SchedulerConfig.throughput().withMaxChunkTokens(maxChunkTokens), overlaps);
        int numDecoding = 40;
        for (int i = 0; i < numDecoding; i++) {
            submit(Requests.of(i, Requests.prompt(10, i), 1_000, queue));
        }
        driver.step();
        driver.step();
        submit(Requests.of(99, Requests.prompt(100_000, 99), 10, queue));
        int[] numSteps = {0};
        driver.onPlanned = batch -> {
            int numDecodeRows = 0;
            int numPrefillTokens = 0;
            for (int s = 0; s < batch.numSeqs(); s++) {
                boolean isDecode = batch.tokenId(batch.firstToken(s)) == ForwardBatch.LAST_SAMPLED;
                numDecodeRows += isDecode ? 1 : 0;
                numPrefillTokens += isDecode ? 0 : batch.firstToken(s + 1) - batch.firstToken(s);
            }
            assertEquals(numDecoding, numDecodeRows, "decode rows of step " + numSteps[0]);
            assertTrue(numPrefillTokens > 0, "prefill tokens of step " + numSteps[0]);
            numSteps[0]++;
        };
        int maxSteps = 100_000 / Math.min(2048 - numDecoding, maxChunkTokens);
        driver.checksIntegrity = false;
        for (int i = 0; i < maxSteps; i++) {
            driver.step();
        }
        driver.onPlanned = batch -> {};
        for (int i = 0; i < 3; i++) {
            driver.step();
        }
        assertTrue(numOutputs(99) > 0, "the long prompt is through after " + driver.numSteps + " steps");
    }

    @ParameterizedTest
    @CsvSource({"64, 80, 16, true", "64, 80, 16, false", "500, 100, 64, true", "8, 8, 1, true", "4, 2, 16, true"})
    void decodeNeverStarvesPrefill(int maxNumSeqs, int maxTokens, int minPrefill, boolean overlaps) {
        var config = new SchedulerConfig(false, 4, minPrefill, 10_000, 10, new SchedulerConfig.Watermarks(0, 0));
        var limits = new ModelLimits(maxNumSeqs, maxTokens, 4_000, 1_000, 0);
        start(limits, config, overlaps);
        int maxRunning = config.maxRunning(limits);
        for (int i = 0; i < 2 * maxNumSeqs; i++) {
            submit(Requests.of(i, Requests.prompt(1, i), i % 3 == 0 ? 20 : 500, queue));
        }
        submit(Requests.of(1_000, Requests.prompt(900, 1_000), 1, queue));
        int[] numWaits = {0};
        driver.onPlanned = batch -> {
            int numPrefill = 0;
            int numDecode = 0;
            boolean hasLong = false;
            for (int s = 0; s < batch.numSeqs(); s++) {
                boolean isDecode = batch.tokenId(batch.firstToken(s)) == ForwardBatch.LAST_SAMPLED;
                int numTokens = batch.firstToken(s + 1) - batch.firstToken(s);
                numDecode += isDecode ? 1 : 0;
                numPrefill += isDecode ? 0 : numTokens;
                hasLong |= !isDecode && batch.seqLenK(s) > 1 && batch.seqLenK(s) < 900;
            }
            assertTrue(numDecode <= maxRunning, numDecode + " decode rows");
            if (hasLong && maxRunning > 1) {
                assertTrue(numPrefill >= Math.min(minPrefill, maxTokens - maxRunning), numPrefill + " prefill tokens");
                numWaits[0]++;
            }
        };
        driver.run();
        assertTrue(finish(1_000).reason() == FinishReason.LENGTH && numWaits[0] > 0 || maxRunning == 1,
                "the long prompt took several steps beside decode rows");
        assertTrue(scheduler.isIdle());
    }

    @Test
    void firstComeFirstServedWithinAPriority() {
        start(new ModelLimits(1, 64, 128, 8, 0), SchedulerConfig.throughput(), true);
        List<Long> order = new ArrayList<>();
        int[] priorities = {5, 0, 5, -3, 0, 5};
        for (int i = 0; i < priorities.length; i++) {
            submit(Requests.of(i, Requests.prompt(5, i), 2, 1, Requests.priority(priorities[i]), queue));
        }
        driver.onLaunched = () -> {};
        driver.run();
        queue.poll(new OrderOfEnds(order), 1000);
        assertEquals(List.of(3L, 1L, 4L, 0L, 2L, 5L), order);
    }

    private record OrderOfEnds(List<Long> order) implements OutputHandler {
        @Override
        public void token(long requestId, int choice, int tokenId) {}

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {}

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {}

        @Override
        public void finished(long requestId, int choice, Finish finish) {
            order.add(requestId);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void deadlinesEndRunningAndWaitingOnes(boolean overlaps) {
        start(new ModelLimits(2, 64, 512, 16, 0), SchedulerConfig.throughput(), overlaps);
        submit(Requests.of(0, Requests.prompt(5, 0), 400, 1, Requests.deadline(20 * Driver.STEP_NS), queue));
        submit(Requests.of(1, Requests.prompt(5, 1), 60, queue));
        submit(Requests.of(2, Requests.prompt(5, 2), 10, 3, Requests.deadline(10 * Driver.STEP_NS), queue));
        submit(Requests.of(3, Requests.prompt(5, 3), 10, 1, Requests.deadline(1_000 * Driver.STEP_NS), queue));
        for (int i = 0; i < 10; i++) {
            driver.step();
        }
        for (Outcome.Choice choice : collector.outcomes.get(2L).choices) {
            assertEquals(FinishReason.DEADLINE, choice.finish.reason(), "waits at its deadline");
        }
        assertEquals(null, finish(0));
        driver.run();
        assertEquals(FinishReason.DEADLINE, finish(0).reason(), "runs at its deadline");
        assertTrue(numOutputs(0) >= 17 && numOutputs(0) <= 20, numOutputs(0) + " outputs before the deadline");
        assertEquals(FinishReason.LENGTH, finish(1).reason());
        assertEquals(FinishReason.LENGTH, finish(3).reason());
        assertEquals(10, numOutputs(3));
        assertEquals(0, scheduler.numQueuedRequests());
    }

    @ParameterizedTest
    @CsvSource({"512, true", "2048, true", "8192, true", "16384, true", "512, false", "16384, false"})
    void aPromptInCommonIsComputedOnce(int maxTokens, boolean overlaps) {
        start(new ModelLimits(256, maxTokens, 4096, 10_000, 400), SchedulerConfig.throughput(), overlaps);
        int[] common = Requests.prompt(2048, 1);
        for (int i = 0; i < 128; i++) {
            int[] prompt = Requests.prompt(2048 + 128, 100 + i);
            System.arraycopy(common, 0, prompt, 0, common.length);
            submit(Requests.of(i, prompt, 64, queue));
        }
        driver.run();
        assertEquals(128 * (2048 + 128), scheduler.stats().numPromptTokens());
        assertEquals(127 * 2048, scheduler.stats().numCachedTokens());
        assertEquals(128 * 64, scheduler.stats().numOutputTokens());
        assertTrue(scheduler.stats().numCachedTokens() >= 0.9 * scheduler.stats().numPromptTokens());
    }

    @ParameterizedTest
    @CsvSource({"27, 52, 27", "15, 52, 0", "16, 17, 16", "63, 64, 63", "64, 90, 64", "70, 90, 64", "100, 140, 100",
        "256, 300, 256", "300, 350, 300"})
    void whatThoseThatWaitHaveInCommonIsComputedOnceHoweverShort(int numCommon, int length, int numHit) {
        start(new ModelLimits(32, 2048, 512, 400, 32), SchedulerConfig.throughput(), true);
        int number = 20;
        for (int i = 0; i < number; i++) {
            int[] prompt = Requests.prompt(length, i);
            System.arraycopy(Requests.prompt(length, 77), 0, prompt, 0, numCommon);
            prompt[numCommon] = 2_000 + i;
            submit(Requests.of(i, prompt, 3, queue));
        }
        driver.run();
        assertEquals((long) (number - 1) * numHit, scheduler.stats().numCachedTokens());
        assertEquals(numHit % ModelLimits.BLOCK_TOKENS == 0 ? 0 : number - 1, scheduler.stats().numPartialHits());
        assertEquals(length + (number - 1L) * (length - numHit), scheduler.stats().numPrefillTokens());
        int[] later = Requests.prompt(length, 78);
        System.arraycopy(Requests.prompt(length, 77), 0, later, 0, numCommon);
        submit(Requests.of(100, later, 3, queue));
        driver.run();
        assertEquals((long) number * numHit, scheduler.stats().numCachedTokens(), "of one that comes alone, later");
    }

    @Test
    void anotherSaltSharesNoPartOfABlock() {
        start(new ModelLimits(32, 2048, 512, 400, 32), SchedulerConfig.throughput(), true);
        for (int i = 0; i < 6; i++) {
            int[] prompt = Requests.prompt(50, i);
            System.arraycopy(Requests.prompt(50, 77), 0, prompt, 0, 30);
            submit(Requests.of(i, prompt, 3, 1, new Request.Options(
                    0, Request.NO_DEADLINE, i / 3, Request.NO_PROMPT_LOGPROBS), queue));
        }
        driver.run();
        assertEquals(4 * 30, scheduler.stats().numCachedTokens());
    }

    @Test
    void choicesForkOnePrompt() {
        start(new ModelLimits(8, 72, 512, 64, 8), SchedulerConfig.throughput(), true);
        submit(Requests.of(0, Requests.prompt(150, 1), 10, 5, Request.Options.DEFAULTS, queue));
        driver.run();
        assertEquals(150, scheduler.stats().numPrefillTokens());
        assertEquals(4, scheduler.stats().numForks());
        assertEquals(50, scheduler.stats().numOutputTokens());
    }

    @Test
    void admissionLeavesRoomForWhatIsPredicted() {
        var config = new SchedulerConfig(false, 4, 1, 10_000, 128, new SchedulerConfig.Watermarks(0, 0));
        start(new ModelLimits(16, 1024, 1024, 16, 0), config, false);
        for (int i = 0; i < 10; i++) {
            submit(Requests.of(i, Requests.prompt(64, i), 128, queue));
        }
        driver.step();
        assertEquals(5, scheduler.stats().numRunning(), "16 blocks for sequences that are predicted to need 3");
        driver.run();
        assertEquals(0, scheduler.stats().numPreemptionsByRecompute());
        assertEquals(10, scheduler.stats().numFinished());
    }

    @Test
    void nothingIsAdmittedAfterAPreemptionBeforeTheHighWatermarkIsFree() {
        var config = new SchedulerConfig(false, 4, 1, 10_000, 1, new SchedulerConfig.Watermarks(0, 0.25));
        start(new ModelLimits(16, 1024, 1024, 16, 0), config, false);
        for (int i = 0; i < 40; i++) {
            submit(Requests.of(i, Requests.prompt(63, i), i % 8 < 5 ? 180 : 20, queue));
        }
        boolean[] isAdmitted = {false};
        driver.onPlanned = batch -> {
            for (int s = 0; s < batch.numSeqs(); s++) {
                isAdmitted[0] |= batch.position(batch.firstToken(s)) == 0;
            }
        };
        boolean isThrottled = false;
        int numChecked = 0;
        while (scheduler.stats().numFinished() < 40) {
            long numUnpromised = scheduler.parts().memory().numUnpromised();
            int numRunning = scheduler.stats().numRunning();
            long numPreemptions = scheduler.stats().numPreemptionsByRecompute();
            isAdmitted[0] = false;
            driver.step();
            if (isThrottled && isAdmitted[0] && numRunning > 0) {
                assertTrue(numUnpromised >= 4, numUnpromised + " blocks free of promises");
                numChecked++;
            }
            isThrottled = scheduler.stats().numPreemptionsByRecompute() > numPreemptions
                    || isThrottled && !isAdmitted[0];
        }
        assertTrue(numChecked > 0, numChecked + " admissions after preemptions");
        assertTrue(scheduler.stats().numPreemptionsByRecompute() < 40,
                scheduler.stats().numPreemptionsByRecompute() + " preemptions");
    }

    @Test
    void theYoungestOfTheLowestPriorityGivesWay() {
        var config = new SchedulerConfig(false, 4, 1, 10_000, 1, new SchedulerConfig.Watermarks(0, 0));
        start(new ModelLimits(4, 1024, 1024, 16, 0), config, true);
        submit(Requests.of(0, Requests.prompt(255, 0), 300, 1, Requests.priority(1), queue));
        submit(Requests.of(1, Requests.prompt(255, 1), 300, 1, Requests.priority(0), queue));
        submit(Requests.of(2, Requests.prompt(255, 2), 300, 1, Requests.priority(0), queue));
        submit(Requests.of(3, Requests.prompt(255, 3), 300, 1, Requests.priority(0), queue));
        driver.run();
        assertEquals(0, finish(1).numPreemptions());
        assertTrue(finish(0).numPreemptions() > 0);
        assertTrue(finish(0).numPreemptions() >= finish(2).numPreemptions());
        assertTrue(finish(3).numPreemptions() >= finish(2).numPreemptions());
    }
}
