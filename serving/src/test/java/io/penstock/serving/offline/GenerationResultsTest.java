package io.penstock.serving.offline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineConfig;
import io.penstock.serving.generation.GenerationRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many requests at once, and every way in which they can end. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GenerationResultsTest {
    private static final String HELLO = "Hello! How can I help you?";
    private static final ModelLimits LIMITS = new ModelLimits(4, 128, 256, 32, 8);

    private static GenerationRequest hello(int numTokens) {
        return GenerationRequest.chat("Hello").withSampling(DemoModel.exactly(numTokens));
    }

    private static GenerationRequest hello() {
        return GenerationRequest.chat("Hello").withSampling(DemoModel.greedy());
    }

    private static List<GenerationResult> all(GenerationResults results) {
        List<GenerationResult> taken = new ArrayList<>();
        results.forEachRemaining(taken::add);
        return taken;
    }

    /** An endless source that counts what was asked of it. */
    private static Iterator<GenerationRequest> endless(AtomicInteger numRead, GenerationRequest request) {
        return Stream.generate(() -> {
            numRead.incrementAndGet();
            return request;
        }).iterator();
    }

    private static Penstock over(DyingRunner runner) {
        var engine = new Engine(runner, EngineConfig.throughput(), System::nanoTime);
        return Penstock.start(DemoModel.ENCODER, engine, LIMITS, () -> 0);
    }

    /** Waits until the engine has so many requests and is in the middle of them. */
    private static void awaitTokens(Penstock penstock, int numRequests) throws InterruptedException {
        while (penstock.stats().numRunning() + penstock.stats().numWaiting() < numRequests
                || penstock.stats().numOutputTokens() < 8) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    /** An engine that has ended everything holds nothing any more. */
    private static void assertIdle(Penstock penstock) throws InterruptedException {
        for (int i = 0; i < 500 && penstock.stats().numRunning() + penstock.stats().numWaiting() > 0; i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertEquals(0, penstock.stats().numRunning());
        assertEquals(0, penstock.stats().numWaiting());
        assertEquals(0, penstock.stats().numBlocksInUse());
    }

    @Test
    void shortOnesDoNotWaitForLongOnes() {
        try (Penstock penstock = DemoModel.open(DemoModel.small())) {
            List<GenerationRequest> requests = new ArrayList<>(List.of(hello(300)));
            IntStream.range(0, 20).forEach(_ -> requests.add(hello(2)));
            List<GenerationResult> results = all(penstock.generate(requests));
            assertEquals(21, results.size());
            assertEquals(0, results.getLast().index());
            assertEquals(300, results.getLast().choice().tokenIds().length);
            assertEquals(21, results.stream().mapToLong(GenerationResult::index).distinct().count());
        }
    }

    @Test
    void mistakesHurtNobodyElse() {
        try (Penstock penstock = DemoModel.open(DemoModel.small())) {
            var requests = List.of(hello(), GenerationRequest.tokenIds(99_999), hello(),
                    GenerationRequest.text("word ".repeat(600)).withId("long"),
                    GenerationRequest.unreadable(new InputException("line 5 is no JSON")), hello());
            Map<Long, GenerationResult> byIndex = new HashMap<>();
            all(penstock.generate(requests)).forEach(result -> byIndex.put(result.index(), result));
            assertEquals(6, byIndex.size());
            for (long good : new long[] {0, 2, 5}) {
                assertEquals(HELLO, byIndex.get(good).choice().text());
            }
            for (long bad : new long[] {1, 3, 4}) {
                assertInstanceOf(InputException.class, byIndex.get(bad).error());
                assertTrue(byIndex.get(bad).choices().isEmpty());
            }
            assertEquals("long", byIndex.get(3L).request().id());
            assertEquals("line 5 is no JSON", byIndex.get(4L).error().getMessage());
        }
    }

    @Test
    void nothingInIsNothingOut() {
        try (Penstock penstock = DemoModel.open(DemoModel.small());
                GenerationResults results = penstock.generate(List.of())) {
            assertFalse(results.hasNext());
            assertThrows(NoSuchElementException.class, results::next);
        }
    }

    @Test
    void sharedPrefixesAreComputedOnce() {
        String prefix = "The receipt is in the box. ".repeat(30);
        List<GenerationRequest> requests = IntStream.range(0, 24).mapToObj(i -> GenerationRequest.text(prefix + i)
                .withSampling(DemoModel.exactly(4))).toList();
        Map<Long, String> expected = new HashMap<>();
        try (Penstock penstock = DemoModel.open(DemoModel.small().withPrefixCaching(false).withOverlap(false))) {
            for (GenerationResult result : all(penstock.generate(requests))) {
                assertEquals(0, result.usage().cachedTokens());
                expected.put(result.index(), result.choice().text());
            }
        }
        try (Penstock penstock = DemoModel.open(DemoModel.small())) {
            int numCached = 0;
            int numPrompt = 0;
            for (GenerationResult result : all(penstock.generate(requests))) {
                assertEquals(expected.get(result.index()), result.choice().text());
                numCached += result.usage().cachedTokens();
                numPrompt += result.usage().promptTokens();
            }
            assertTrue(numCached > numPrompt * 0.7, numCached + " of " + numPrompt + " from the cache");
        }
    }

    @Test
    void endlessSourceIsReadAsFarAsTheWindow() throws InterruptedException {
        var numRead = new AtomicInteger();
        try (Penstock penstock = DemoModel.open(DemoModel.small())) {
            try (GenerationResults results = penstock.generate(endless(numRead, hello(2)), 6)) {
                for (int taken = 1; taken <= 50; taken++) {
                    assertEquals(2, results.next().choice().tokenIds().length);
                    assertTrue(numRead.get() <= taken + 6, numRead + " read, " + taken + " taken");
                }
                TimeUnit.MILLISECONDS.sleep(300);
                assertEquals(56, numRead.get());
            }
            assertIdle(penstock);
        }
    }

    @Test
    void choicesCountInTheWindow() throws InterruptedException {
        var numRead = new AtomicInteger();
        try (Penstock penstock = DemoModel.open(DemoModel.small());
                GenerationResults results = penstock.generate(endless(numRead, hello(2).withChoices(3)), 6)) {
            TimeUnit.MILLISECONDS.sleep(500);
            assertTrue(numRead.get() <= 2, numRead::toString);
            assertEquals(3, results.next().choices().size());
        }
    }

    @Test
    void requestWiderThanTheWindowRuns() {
        try (Penstock penstock = DemoModel.open(DemoModel.small())) {
            List<GenerationResult> results =
                    all(penstock.generate(List.of(hello(2).withChoices(40), hello(2)).iterator(), 4));
            assertEquals(41, results.stream().mapToInt(result -> result.choices().size()).sum());
        }
    }

    @Test
    void sourceThatFailsEndsTheRunBehindItsResults() {
        Iterator<GenerationRequest> broken = Stream.iterate(0, i -> i + 1).map(i -> {
            if (i == 3) {
                throw new InputException("the file ends early");
            }
            return hello(3);
        }).iterator();
        try (Penstock penstock = DemoModel.open(DemoModel.small());
                GenerationResults results = penstock.generate(broken)) {
            for (int i = 0; i < 3; i++) {
                assertFalse(results.next().isFailed());
            }
            assertEquals("the file ends early", assertThrows(InputException.class, results::hasNext).getMessage());
            assertFalse(results.hasNext());
        }
    }

    @Test
    void closingAbortsWhatRuns() throws InterruptedException {
        try (Penstock penstock = DemoModel.open(DemoModel.small())) {
            GenerationResults results = penstock.generate(endless(new AtomicInteger(), hello(400)));
            TimeUnit.MILLISECONDS.sleep(200);
            results.close();
            assertFalse(results.hasNext());
            assertIdle(penstock);
            assertEquals(HELLO, penstock.generate(hello()).choice().text());
        }
    }

    @Test
    void closingWakesTheOneWhoWaits() throws InterruptedException {
        try (Penstock penstock = DemoModel.open(DemoModel.small())) {
            GenerationResults results = penstock.generate(List.of(hello(400)));
            var ended = new CountDownLatch(1);
            Thread waiting = Thread.startVirtualThread(() -> {
                if (!results.hasNext()) {
                    ended.countDown();
                }
            });
            results.close();
            assertTrue(ended.await(20, TimeUnit.SECONDS), waiting::toString);
        }
    }

    @Test
    void sourceThatBlocksHoldsUpNobody() throws InterruptedException {
        var blocked = new CountDownLatch(1);
        Iterator<GenerationRequest> source = Stream.iterate(0, i -> i + 1).map(i -> {
            if (i == 1) {
                try {
                    blocked.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return hello(3);
        }).iterator();
        try (Penstock penstock = DemoModel.open(DemoModel.small());
                GenerationResults results = penstock.generate(source)) {
            assertEquals(0, results.next().index());
        }
    }

    @Test
    void closedPenstockEndsAllWithAReason() {
        Penstock penstock = DemoModel.open(DemoModel.small());
        Generation single = penstock.start(hello(400), (_, _) -> { });
        GenerationResults listed = penstock.generate(List.of(hello(400), hello(400), hello(400)));
        GenerationResults unending = penstock.generate(endless(new AtomicInteger(), hello(400)));
        penstock.close();
        assertEquals("the engine was closed before the request was done",
                assertThrows(EngineException.class, single::await).getMessage());
        assertThrows(EngineException.class, () -> unending.forEachRemaining(
                result -> assertInstanceOf(EngineException.class, result.error())));
        assertFalse(unending.hasNext());
        assertThrows(EngineException.class, () -> penstock.generate(hello()));
        listed.close();
        penstock.close();
    }

    @Test
    void deadEngineEndsEveryPendingRequestWithItsReason() throws InterruptedException {
        var runner = new DyingRunner(LIMITS);
        try (Penstock penstock = over(runner)) {
            GenerationResults listed = penstock.generate(IntStream.range(0, 6).mapToObj(_ -> hello(200)).iterator());
            Generation single = penstock.start(hello(200), (_, _) -> { });
            awaitTokens(penstock, 7);
            runner.die();
            List<GenerationResult> results = all(listed);
            assertEquals(6, results.size());
            for (GenerationResult result : results) {
                assertInstanceOf(EngineException.class, result.error());
                assertEquals("the engine failed: IllegalStateException: the device is lost",
                        result.error().getMessage());
            }
            assertTrue(results.stream().anyMatch(result -> result.choice().tokenIds().length > 0),
                    "what came before is kept");
            assertThrows(EngineException.class, single::await);
            assertThrows(EngineException.class, () -> penstock.generate(hello()));
        }
        assertTrue(runner.isClosed());
    }

    @Test
    void deadEngineEndsAnEndlessSource() throws InterruptedException {
        var runner = new DyingRunner(LIMITS);
        try (Penstock penstock = over(runner)) {
            GenerationResults results = penstock.generate(endless(new AtomicInteger(), hello(200)), 8);
            awaitTokens(penstock, 8);
            runner.die();
            var e = assertThrows(EngineException.class, () -> results.forEachRemaining(_ -> { }));
            assertEquals("the engine failed: IllegalStateException: the device is lost", e.getMessage());
        }
    }

    @Test
    void manyRunsShareTheEngine() throws InterruptedException {
        try (Penstock penstock = DemoModel.open(DemoModel.small())) {
            var numGood = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                threads.add(Thread.startVirtualThread(() -> {
                    List<GenerationRequest> requests = IntStream.range(0, 5).mapToObj(_ -> hello()).toList();
                    numGood.addAndGet((int) all(penstock.generate(requests)).stream()
                            .filter(result -> result.choice().text().equals(HELLO)).count());
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(30, numGood.get());
            assertIdle(penstock);
        }
    }
}
