package io.penstock.serving.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.concurrent.EventExecutor;
import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineConfig;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.model.LoadedEngine;
import io.penstock.serving.offline.DemoModel;
import io.penstock.serving.offline.DyingRunner;
import io.penstock.serving.openai.SamplingRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StreamEngineTest {
    private static final GenerationRequest SUM = GenerationRequest.chat("What is 27 + 15?").withSampling(
            DemoModel.greedy());
    private static final String SUM_TEXT = "<think>7 + 5 = 12, carry 1. 2 + 1 + 1 = 4. So 42.</think>42";

    private static IoThreads io;
    private StreamEngine core;

    @BeforeAll
    static void startLoops() {
        io = IoThreads.start(2);
    }

    @AfterAll
    static void endLoops() {
        io.close();
    }

    @AfterEach
    void close() {
        if (core != null) {
            core.close();
        }
    }

    private StreamEngine demo(StreamLimits limits) {
        LoadedEngine loaded = LoadedEngine.load(DemoModel.ENCODER, DemoModel.small(), _ -> { });
        core = new StreamEngine(loaded.engine(), new RequestPreparer(DemoModel.ENCODER,
                loaded.resolved().limits(), new AtomicLong()::incrementAndGet), io, limits, () -> StreamObserver.NONE);
        return core;
    }

    private static EventExecutor loop() {
        return io.group().next();
    }

    private ActiveStream submit(GenerationRequest asked, StreamSink sink) {
        return core.submit(loop(), asked, "a request", Request.NO_DEADLINE, sink);
    }

    private RecordingSink answer(GenerationRequest asked) throws InterruptedException {
        RecordingSink sink = RecordingSink.texts();
        submit(asked, sink);
        return sink.await();
    }

    private static GenerationRequest exactly(int numTokens) {
        return GenerationRequest.text("The quick brown fox").withSampling(DemoModel.exactly(numTokens));
    }

    @Test
    void answerIsTheRecordedOne() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        RecordingSink sink = answer(SUM);
        assertNull(sink.failure);
        assertEquals(SUM_TEXT, sink.text(0));
        ChoiceEnd end = sink.ends.get(0);
        assertEquals(FinishReason.STOP, end.reason());
        assertEquals(DemoModel.ENCODER.source().eosTokenIds()[0], end.stopTokenId());
        assertEquals(sink.tokenIds.get(0).size() + 1, end.numOutputTokens());
        assertTrue(core.awaitIdle(TimeUnit.SECONDS.toNanos(10)));
    }

    @Test
    void tokensAloneAreNotDetokenized() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        var sink = new RecordingSink(false);
        submit(SUM, sink);
        sink.await();
        assertEquals("", sink.text(0));
        int[] ids = sink.tokenIds.get(0).stream().mapToInt(Integer::intValue).toArray();
        assertEquals(SUM_TEXT, DemoModel.ENCODER.tokenizer().decode(ids, false));
    }

    @Test
    void stopStringEndsTextAndSequence() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        GenerationRequest asked = SUM.withSampling(DemoModel.greedy().withStopStrings("zebra", "carry"));
        RecordingSink sink = answer(asked);
        assertEquals("<think>7 + 5 = 12, ", sink.text(0));
        assertEquals("carry", sink.ends.get(0).stopString());
        assertEquals(FinishReason.STOP, sink.ends.get(0).reason());
        var withoutText = new RecordingSink(false);
        submit(asked, withoutText);
        assertEquals("carry", withoutText.await().ends.get(0).stopString());
        assertEquals(sink.tokenIds, withoutText.tokenIds);
    }

    @Test
    void choicesComeApart() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        SamplingRequest hot = SamplingRequest.of(DemoModel.ENCODER.defaults()).withTemperature(3).withSeed(5)
                .withMaxTokens(9);
        RecordingSink sink = answer(GenerationRequest.chat("Name a word.").withSampling(hot).withChoices(3));
        assertEquals(3, sink.ends.size());
        assertEquals(3, sink.texts.values().stream().map(StringBuilder::toString).distinct().count());
    }

    @Test
    void logprobsOfPromptAndOutput() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        var options = new GenerationRequest.Options(0, null, 2, true);
        RecordingSink sink = answer(SUM.withSampling(DemoModel.greedy().withLogprobs(1).withMaxTokens(4))
                .withOptions(options));
        assertEquals(sink.prompt.tokenIds().length - 1, sink.promptLogprobs.numTokens());
        assertEquals(2, sink.promptLogprobs.numTop(0));
        int numTokens = 0;
        for (OutputRun run : sink.runs) {
            assertEquals(run.tokenIds().length, run.logprobs().numTokens());
            for (int i = 0; i < run.tokenIds().length; i++) {
                assertEquals(run.tokenIds()[i], run.logprobs().tokenId(i));
                assertEquals(run.tokenIds()[i], run.logprobs().topTokenId(i, 0));
                assertTrue(run.logprobs().logprob(i) <= 0);
            }
            numTokens += run.tokenIds().length;
        }
        assertEquals(4, numTokens);
        assertEquals(FinishReason.LENGTH, sink.ends.get(0).reason());
    }

    @Test
    void resumeBeforeTheStartIsNoEnd() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        RecordingSink sink = RecordingSink.texts();
        submit(SUM, sink).resume();
        assertEquals(SUM_TEXT, sink.await().text(0));
    }

    @Test
    void badRequestIsRefused() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        RecordingSink sink = answer(GenerationRequest.tokenIds(1, 2, 1 << 20));
        assertEquals(StreamFailure.Kind.INVALID, sink.failure.kind());
        assertNotNull(sink.failure.cause());
        assertNull(sink.prompt);
        RecordingSink tooLong = answer(GenerationRequest.tokenIds(new int[600]));
        assertEquals(StreamFailure.Kind.INVALID, tooLong.failure.kind());
        assertTrue(tooLong.failure.message().contains("512"), tooLong.failure::message);
        assertTrue(core.awaitIdle(TimeUnit.SECONDS.toNanos(10)));
    }

    @Test
    void abortByNameIsTold() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        RecordingSink sink = RecordingSink.texts();
        core.submit(loop(), exactly(480), "mine", Request.NO_DEADLINE, sink);
        sink.awaitOutput();
        assertEquals(0, core.abort("another"));
        assertEquals(1, core.abort("mine"));
        assertEquals(FinishReason.ABORT, sink.await().ends.get(0).reason());
        assertNull(sink.failure);
        assertEquals(0, core.abort("mine"));
    }

    @Test
    void deadlineIsAFailure() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        RecordingSink sink = RecordingSink.texts();
        core.submit(loop(), exactly(480), "late", System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50), sink);
        assertEquals(StreamFailure.Kind.DEADLINE, sink.await().failure.kind());
    }

    @Test
    void fullQueueIsRefused() throws InterruptedException {
        core = engineOf(new DyingRunner(new ModelLimits(2, 64, 512, 64, 4)),
                EngineConfig.throughput().withMaxQueuedRequests(3), StreamLimits.DEFAULTS);
        List<RecordingSink> sinks = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            sinks.add(RecordingSink.texts());
            submit(exactly(300), sinks.getLast());
        }
        long numRefused = 0;
        for (int i = 0; i < 1000 && numRefused == 0; i++) {
            TimeUnit.MILLISECONDS.sleep(5);
            numRefused = sinks.stream().filter(RecordingSink::isOver).count();
        }
        assertTrue(numRefused > 0);
        for (RecordingSink sink : sinks) {
            assertTrue(!sink.isOver() || sink.failure.kind() == StreamFailure.Kind.QUEUE_FULL);
        }
    }

    @Test
    void deadEngineFailsWhatRunsAndWhatComes() throws InterruptedException {
        var runner = new DyingRunner(new ModelLimits(8, 64, 512, 64, 4));
        core = engineOf(runner, EngineConfig.throughput(), StreamLimits.DEFAULTS);
        RecordingSink sink = RecordingSink.texts();
        submit(exactly(400), sink);
        sink.awaitOutput();
        runner.die();
        assertEquals(StreamFailure.Kind.UNAVAILABLE, sink.await().failure.kind());
        assertTrue(sink.failure.message().contains("the device is lost"), sink.failure::message);
        assertEquals(StreamFailure.Kind.UNAVAILABLE, answer(exactly(3)).failure.kind());
        assertTrue(core.isEngineDead());
    }

    private static StreamEngine engineOf(DyingRunner runner, EngineConfig config, StreamLimits limits) {
        return new StreamEngine(new Engine(runner, config, System::nanoTime), new RequestPreparer(DemoModel.ENCODER,
                runner.limits(), new AtomicLong()::incrementAndGet), io, limits, () -> StreamObserver.NONE);
    }

    @Test
    void slowReaderIsHeldBackThenCutOff() throws InterruptedException {
        demo(StreamLimits.DEFAULTS.withMaxHeldTokens(50));
        RecordingSink slow = RecordingSink.texts();
        slow.isReady = false;
        submit(exactly(300), slow);
        RecordingSink other = answer(exactly(300));
        assertEquals(300, other.tokenIds.get(0).size());
        assertEquals(StreamFailure.Kind.TOO_SLOW, slow.await().failure.kind());
        assertTrue(slow.runs.isEmpty());
    }

    @Test
    void readerThatTakesNothingIsCutOffInTime() throws InterruptedException {
        demo(StreamLimits.DEFAULTS.withSlowReaderNs(TimeUnit.MILLISECONDS.toNanos(300)));
        RecordingSink slow = RecordingSink.texts();
        slow.isReady = false;
        submit(exactly(4), slow);
        assertEquals(StreamFailure.Kind.TOO_SLOW, slow.await().failure.kind());
    }

    @Test
    void readerThatComesBackGetsAll() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        RecordingSink slow = RecordingSink.texts();
        slow.isReady = false;
        ActiveStream stream = submit(exactly(200), slow);
        while (core.stats().numFinished() == 0) {
            TimeUnit.MILLISECONDS.sleep(2);
        }
        assertFalse(slow.isOver());
        slow.isReady = true;
        stream.resume();
        assertEquals(200, slow.await().tokenIds.get(0).size());
        assertEquals(answer(exactly(200)).tokenIds, slow.tokenIds);
    }

    @Test
    void drainFinishesWhatWasTakenAndRefusesTheRest() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        List<RecordingSink> sinks = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            sinks.add(RecordingSink.texts());
            submit(exactly(60), sinks.getLast());
        }
        // Requests are taken by other threads, and one that comes behind the drain is refused.
        for (RecordingSink sink : sinks) {
            sink.awaitOutput();
        }
        core.drain();
        assertEquals(StreamFailure.Kind.DRAINING, answer(SUM).failure.kind());
        assertTrue(core.awaitIdle(TimeUnit.SECONDS.toNanos(60)));
        for (RecordingSink sink : sinks) {
            assertNull(sink.await().failure);
            assertEquals(60, sink.tokenIds.get(0).size());
        }
    }

    @Test
    void cancelsAtRandomMomentsLeaveNothing() throws InterruptedException {
        demo(StreamLimits.DEFAULTS);
        var random = new SplittableRandom(1);
        List<ActiveStream> open = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            GenerationRequest asked = random.nextInt(4) == 0 ? SUM.withChoices(2) : exactly(1 + random.nextInt(200));
            open.add(submit(asked, RecordingSink.texts()));
            if (random.nextInt(8) == 0) {
                TimeUnit.MICROSECONDS.sleep(random.nextInt(2_000));
            }
            if (open.size() > random.nextInt(60)) {
                ActiveStream stream = open.remove(random.nextInt(open.size()));
                if (random.nextBoolean()) {
                    stream.cancel();
                } else {
                    stream.abort();
                }
            }
        }
        open.forEach(ActiveStream::cancel);
        assertTrue(core.awaitIdle(TimeUnit.SECONDS.toNanos(60)));
        for (int i = 0; i < 1000 && core.stats().numRunning() > 0; i++) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertEquals(0, core.stats().numRunning());
        assertEquals(0, core.stats().numWaiting());
        assertEquals(0, core.stats().numBlocksInUse());
        assertEquals(SUM_TEXT, answer(SUM).text(0));
    }
}
