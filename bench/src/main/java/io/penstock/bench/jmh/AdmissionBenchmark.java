package io.penstock.bench.jmh;

import io.penstock.bench.engine.NullRunner;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.OutputHandler;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.Scheduler;
import io.penstock.scheduler.SchedulerConfig;
import io.penstock.scheduler.Step;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * A request of 1,024 tokens from its submission to its only token: hashed, looked up in the prefix cache, given blocks
 * and a slot, planned in one step, finished and released. Steps of decode are timed by {@code bench engine}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AdmissionBenchmark {
    private static final int VOCAB = 65_536;
    private static final int PROMPT = 1024;
    private static final int NUM_PROMPTS = 64;
    private static final int BLOCKS = 20_000;

    /** Whether the prompt has been computed before. */
    @Param({"false", "true"})
    boolean isCached;

    private final ModelLimits limits = new ModelLimits(256, 8192, 2048, BLOCKS, 2048);
    private final Scheduler scheduler = new Scheduler(limits, SchedulerConfig.throughput());
    private final NullRunner runner = new NullRunner(limits, VOCAB);
    private final OutputQueue output = new OutputQueue(1024, 4096, () -> { });
    private final OutputHandler handler = new DiscardingHandler();
    private final int[][] prompts = new int[NUM_PROMPTS][PROMPT];
    private long numRequests;

    /** Prompts of random tokens. */
    @Setup
    public void fill() {
        var random = new SplittableRandom(3);
        for (int[] prompt : prompts) {
            for (int i = 0; i < PROMPT; i++) {
                prompt[i] = random.nextInt(VOCAB);
            }
        }
    }

    /** One request, nothing else running. */
    @Benchmark
    public long request() {
        int[] prompt = prompts[(int) (numRequests % NUM_PROMPTS)];
        if (!isCached) {
            // Another first token is another prefix; more of them than there are blocks pass before one comes again.
            prompt[0] = (int) (numRequests / NUM_PROMPTS % VOCAB);
        }
        scheduler.submit(new Request(numRequests++, prompt, List.of(SamplingParams.greedy(1)), new int[0],
                Request.Options.DEFAULTS, output));
        do {
            Step step = scheduler.schedule(numRequests);
            step.launch(runner);
            scheduler.process(runner.await());
        } while (!scheduler.isIdle());
        while (output.poll(handler, Integer.MAX_VALUE) > 0) {
            continue;
        }
        return scheduler.stats().numCachedTokens();
    }

    /** Nothing is wanted of what comes. */
    private static final class DiscardingHandler implements OutputHandler {
        @Override
        public void token(long requestId, int choice, int tokenId) {}

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {}

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {}

        @Override
        public void finished(long requestId, int choice, Finish finish) {}
    }
}
