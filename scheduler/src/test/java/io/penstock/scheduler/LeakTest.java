package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A million requests, many of them aborted wherever they are, leave nothing behind. */
class LeakTest {
    private static final int VOCAB = 50;
    private static final int MAX_OPEN = 400;
    private static final int STEPS_BETWEEN_CHECKS = 5_000;
    private static final int[] NO_END = {};

    private final Random random = new Random(7);
    private final Request[] open = new Request[MAX_OPEN];
    private final int[] freeIds = new int[MAX_OPEN];
    private final int[] unfinished = new int[MAX_OPEN];
    private final long[] numEnds = new long[FinishReason.values().length];
    private final int[][] prompts = new int[64][];
    private final SamplingParams[] params = new SamplingParams[16];
    private int numFree;
    private long numSubmitted;

    private final OutputHandler handler = new OutputHandler() {
        @Override
        public void token(long requestId, int choice, int tokenId) {}

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {}

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {}

        @Override
        public void finished(long requestId, int choice, Finish finish) {
            numEnds[finish.reason().ordinal()]++;
            if (--unfinished[(int) requestId] == 0) {
                open[(int) requestId] = null;
                freeIds[numFree++] = (int) requestId;
            }
        }
    };

    private void prepare() {
        for (int i = 0; i < MAX_OPEN; i++) {
            freeIds[numFree++] = i;
        }
        for (int i = 0; i < prompts.length; i++) {
            prompts[i] = Requests.prompt(i % 4 == 0 ? 70 + random.nextInt(200) : 1 + random.nextInt(30), i % 7);
        }
        for (int i = 0; i < params.length; i++) {
            var stop = new StopConditions(1 + random.nextInt(i < 12 ? 4 : 90), 0, i % 2 == 0 ? Set.of() : Set.of(3),
                    List.of(), true, false);
            params[i] = new SamplingParams(0, TokenFilters.NONE, Penalties.NONE, TokenConstraints.NONE, stop, 0,
                    i % 5 == 0 ? 1 : -1);
        }
    }

    @ParameterizedTest
    @CsvSource({"true, 48, 30, 500000", "false, 60, 0, 300000", "true, 24, 10, 200000"})
    void aMillionRequests(boolean overlaps, int numBlocks, int numSwapBlocks, int numRequests) {
        prepare();
        var limits = new ModelLimits(64, 600, 400, numBlocks, 20, numSwapBlocks);
        var config = new SchedulerConfig(true, 2, 16, 200, 1, new SchedulerConfig.Watermarks(0, 0.1));
        var scheduler = new Scheduler(limits, config);
        var driver = new Driver(scheduler, new NullRunner(limits, VOCAB, 1), overlaps);
        var queue = new OutputQueue(4 * MAX_OPEN, 1_000, () -> {});
        driver.checksIntegrity = false;
        driver.onLaunched = () -> abortSome(scheduler);
        while (numSubmitted < numRequests) {
            while (numFree > 0 && numSubmitted < numRequests && random.nextInt(60) > 0) {
                submit(scheduler, queue, driver.nowNs);
            }
            abortSome(scheduler);
            driver.step();
            if (random.nextInt(3) > 0) {
                queue.poll(handler, Integer.MAX_VALUE);
            }
            if (driver.numSteps % STEPS_BETWEEN_CHECKS == 0) {
                scheduler.checkIntegrity();
            }
        }
        while (!scheduler.isIdle()) {
            driver.step();
            queue.poll(handler, Integer.MAX_VALUE);
        }
        queue.poll(handler, Integer.MAX_VALUE);
        scheduler.checkIntegrity();
        assertEmpty(scheduler, queue);
    }

    private void assertEmpty(Scheduler scheduler, OutputQueue queue) {
        scheduler.schedule(Long.MAX_VALUE - 1);
        SchedulerStats stats = scheduler.stats();
        assertEquals(0, stats.numBlocksInUse());
        assertEquals(0, stats.numSwapped());
        assertEquals(0, stats.numQueuedRequests());
        assertEquals(0, queue.numOpenSequences());
        assertEquals(0, queue.numReservedWords());
        assertEquals(MAX_OPEN, numFree);
        assertTrue(stats.numForks() > 100 && stats.numPreemptionsByRecompute() + stats.numPreemptionsBySwap() > 100
                && stats.numCachedTokens() > 100,
                "forks " + stats.numForks() + ", preempted " + stats.numPreemptionsByRecompute() + " and "
                + stats.numPreemptionsBySwap());
        for (FinishReason reason : FinishReason.values()) {
            assertTrue(numEnds[reason.ordinal()] > 100 || reason == FinishReason.ERROR, reason + " never happened");
        }
    }

    private void submit(Scheduler scheduler, OutputQueue queue, long nowNs) {
        int id = freeIds[--numFree];
        int numChoices = random.nextInt(8) == 0 ? 2 + random.nextInt(3) : 1;
        List<SamplingParams> choices = Collections.nCopies(numChoices, params[random.nextInt(params.length)]);
        long deadlineNs = random.nextInt(50) == 0 ? nowNs + random.nextInt(30) * Driver.STEP_NS : Request.NO_DEADLINE;
        int promptLogprobs = random.nextInt(30) == 0 ? 0 : Request.NO_PROMPT_LOGPROBS;
        var options = new Request.Options(random.nextInt(3), deadlineNs, random.nextInt(2), promptLogprobs);
        open[id] = new Request(id, prompts[random.nextInt(prompts.length)], choices, NO_END, options, queue);
        unfinished[id] = numChoices;
        numSubmitted++;
        Requests.submit(scheduler, open[id]);
    }

    private void abortSome(Scheduler scheduler) {
        for (int i = 0; i < 4; i++) {
            Request request = open[random.nextInt(MAX_OPEN)];
            if (request != null && random.nextInt(3) == 0) {
                if (random.nextBoolean()) {
                    scheduler.abort(request);
                } else {
                    scheduler.abort(request, random.nextInt(request.numChoices()));
                }
            }
        }
        if (random.nextInt(5_000) == 0) {
            scheduler.resetPrefixCache();
        }
    }
}
