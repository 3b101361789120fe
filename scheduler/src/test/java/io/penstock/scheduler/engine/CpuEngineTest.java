package io.penstock.scheduler.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuKernels;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cpu.CpuRunner;
import io.penstock.runtime.model.Trace;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.SchedulerConfig;
import io.penstock.scheduler.SchedulerStats;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The engine with the demo model on the CPU: what comes out is what the model gives to each request alone. */
class CpuEngineTest {
    private static final int NUM_TEXT_TOKENS = 4_042;
    private static final int[] EOS = {4_049};
    private static final long LONG_MS = 120_000;

    private static Engine start(ModelLimits limits, EngineConfig config) {
        Path demo = Path.of(System.getProperty("basedir", ".")).toAbsolutePath()
                .resolve("../models/penstock-demo").normalize();
        try (Checkpoint checkpoint = Checkpoint.open(demo)) {
            var options = new CpuModel.Options(Arithmetic.FLOAT32, CpuKernels.select(), 1, Trace.NONE);
            var model = new CpuModel(checkpoint, limits, options, layers -> {});
            var runner = new CpuRunner(model, NUM_TEXT_TOKENS + 8, EOS);
            Engine engine = new Engine(runner, config, System::nanoTime);
            engine.start();
            return engine;
        }
    }

    private static int[] prompt(long seed, int length) {
        return new Random(seed).ints(length, 0, NUM_TEXT_TOKENS).toArray();
    }

    private static SamplingParams params(long seed, int maxTokens) {
        return new SamplingParams(seed % 2 == 0 ? 0 : 0.9, TokenFilters.NONE, Penalties.NONE, TokenConstraints.NONE,
                StopConditions.afterTokens(maxTokens), seed, -1);
    }

    /** Prompt and parameters of a request that is run more than once. */
    private record Case(int[] prompt, SamplingParams params) {
        Request request(Front front) {
            return front.request(prompt, Request.Options.DEFAULTS, params);
        }
    }

    private static List<List<Integer>> run(Engine engine, List<Case> cases, boolean oneByOne)
            throws InterruptedException {
        var front = new Front(cases.size(), 1 << 16);
        List<Request> requests = new ArrayList<>();
        for (Case each : cases) {
            Request request = each.request(front);
            requests.add(request);
            assertNull(engine.proxy().submit(request));
            if (oneByOne) {
                front.readUntilEnded(List.of(request), LONG_MS);
            }
        }
        front.readUntilEnded(requests, LONG_MS);
        return requests.stream().map(request -> front.output(request).tokens).toList();
    }

    @Test
    void requestsOfManyThreadsGetWhatTheyGetAlone() throws Exception {
        List<Case> cases = IntStream.range(0, 64)
                .mapToObj(i -> new Case(prompt(i / 2, 1 + i * 37 % 200), params(i, 1 + i * 11 % 30)))
                .toList();
        var roomy = new ModelLimits(16, 256, 256, 80, 16, 24);
        List<List<Integer>> alone;
        var single = EngineConfig.throughput().withOverlap(false)
                .withScheduler(SchedulerConfig.throughput().withPrefixCaching(false));
        try (Engine engine = start(roomy, single)) {
            alone = run(engine, cases, true);
        }
        var scarce = new ModelLimits(16, 256, 256, 24, 16, 12);
        List<List<Integer>> together = new ArrayList<>(Collections.nCopies(cases.size(), null));
        int numThreads = 4;
        try (Engine engine = start(scarce, EngineConfig.throughput());
                ExecutorService threads = Executors.newFixedThreadPool(numThreads)) {
            threads.invokeAll(IntStream.range(0, numThreads).mapToObj(thread -> Executors.callable(() -> {
                int from = thread * cases.size() / numThreads;
                int to = (thread + 1) * cases.size() / numThreads;
                try {
                    List<List<Integer>> outputs = run(engine, cases.subList(from, to), false);
                    for (int i = from; i < to; i++) {
                        together.set(i, outputs.get(i - from));
                    }
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            })).toList());
            assertEquals("", engine.proxy().failure());
            assertEquals(64, engine.proxy().stats().numFinished());
        }
        for (int i = 0; i < cases.size(); i++) {
            assertEquals(alone.get(i), together.get(i), "request " + i);
        }
    }

    /** 128 requests of 128 own tokens and 64 outputs behind 2,048 common ones. */
    @Test
    void sharedPrefixComesFromTheCacheAndChangesNothing() throws InterruptedException {
        int[] prefix = prompt(1_000, 2_048);
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i < 128; i++) {
            int[] own = prompt(2_000 + i, 128);
            int[] all = IntStream.concat(IntStream.of(prefix), IntStream.of(own)).toArray();
            cases.add(new Case(all, params(i, 64)));
        }
        List<List<Integer>> shared;
        var limits = new ModelLimits(64, 1_024, 2_304, 512, 64);
        try (Engine engine = start(limits, EngineConfig.throughput())) {
            shared = run(engine, cases, false);
            SchedulerStats stats = engine.proxy().stats();
            assertEquals(128 * 2_176, stats.numPromptTokens());
            assertTrue(stats.numCachedTokens() >= 0.9 * stats.numPromptTokens(), () -> stats.numCachedTokens() + " of "
                    + stats.numPromptTokens() + " prompt tokens came from the cache");
        }
        var config = EngineConfig.throughput()
                .withScheduler(SchedulerConfig.throughput().withPrefixCaching(false));
        List<Case> some = IntStream.range(0, 16).mapToObj(i -> cases.get(i * 8 + i % 8)).toList();
        try (Engine engine = start(limits, config)) {
            List<List<Integer>> computed = run(engine, some, false);
            assertEquals(0, engine.proxy().stats().numCachedTokens());
            for (int i = 0; i < some.size(); i++) {
                assertEquals(computed.get(i), shared.get(i * 8 + i % 8), "request " + (i * 8 + i % 8));
            }
        }
    }

    @Test
    void closeInTheMiddleOfAPrefillEndsInBoundedTime() throws InterruptedException {
        var front = new Front(64, 1 << 14);
        Engine engine = start(new ModelLimits(16, 256, 2_048, 80, 16), EngineConfig.throughput());
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            requests.add(front.request(prompt(i, 1_500), Request.Options.DEFAULTS, params(i, 100)));
            assertNull(engine.proxy().submit(requests.getLast()));
        }
        Thread.sleep(30);
        long startNs = System.nanoTime();
        engine.close();
        assertTrue(System.nanoTime() - startNs < 10_000_000_000L);
        front.read();
        requests.forEach(request -> front.assertEnded(request, FinishReason.ABORT));
    }
}
