package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutputQueueTest {
    private static final int NUM_EVENTS = 300_000;

    /** Expects the events that {@link #write} writes, in order. */
    private static final class Expecting implements OutputHandler {
        int numEvents;

        private void expect(boolean holds, String what) {
            if (!holds) {
                throw new AssertionError("event " + numEvents + ": " + what);
            }
            numEvents++;
        }

        @Override
        public void token(long requestId, int choice, int tokenId) {
            expect(numEvents % 3 == 0 && requestId == id(numEvents) && choice == numEvents % 1000
                    && tokenId == numEvents, "token " + tokenId + " of " + requestId);
        }

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {
            boolean isSame = logprobs.numTopLogprobs() == numEvents % 21 && logprobs.rank() == numEvents + 1
                    && logprobs.logprob() == -numEvents;
            for (int i = 0; i < logprobs.numTopLogprobs(); i++) {
                isSame &= logprobs.topTokenId(i) == numEvents + i && logprobs.topLogprob(i) == -i - 0.5f;
            }
            expect(numEvents % 3 == 1 && isSame && requestId == id(numEvents) && tokenId == numEvents, "logprobs");
        }

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {
            expect(numEvents % 3 == 2 && requestId == id(numEvents) && position == numEvents && tokenId == numEvents,
                    "prompt logprobs at " + position);
        }

        @Override
        public void finished(long requestId, int choice, Finish finish) {
            expect(false, "an end");
        }
    }

    private static long id(int event) {
        return event * 0x9E3779B97F4A7C15L;
    }

    private static int numTop(int event) {
        return switch (event % 3) {
            case 0 -> -1;
            case 1 -> event % 21;
            default -> event % 5;
        };
    }

    private static void write(OutputQueue queue, int event, StepResult result) {
        result.reset(1);
        result.setToken(0, event);
        result.setLogprob(0, -event, event + 1);
        for (int i = 0; i < numTop(event); i++) {
            result.addTopLogprob(0, event + i, -i - 0.5f);
        }
        switch (event % 3) {
            case 0 -> queue.writeToken(id(event), event % 1000, event);
            case 1 -> queue.writeTokenLogprobs(id(event), event % 1000, result, 0);
            default -> queue.writePromptLogprobs(id(event), event, result, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 5_000})
    @Timeout(30)
    void nothingIsLostBetweenTwoThreads(int numWords) throws InterruptedException {
        var signals = new Semaphore(0);
        var queue = new OutputQueue(1, numWords, signals::release);
        var expecting = new Expecting();
        var failure = new AtomicReference<Throwable>();
        Thread reader = Thread.ofPlatform().name("reader").start(() -> {
            try {
                while (expecting.numEvents < NUM_EVENTS) {
                    assertTrue(signals.tryAcquire(10, TimeUnit.SECONDS),
                            "no signal behind event " + expecting.numEvents);
                    while (queue.poll(expecting, 1 + expecting.numEvents % 7) > 0) {
                        continue;
                    }
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        StepResult result = new StepResult(1);
        for (int event = 0; event < NUM_EVENTS && failure.get() == null; event++) {
            int words = OutputQueue.rowWords(numTop(event));
            while (!queue.reserve(words) && failure.get() == null) {
                queue.publish();
                Thread.onSpinWait();
            }
            queue.unreserve(words);
            write(queue, event, result);
            if (event % 5 == 0) {
                queue.publish();
            }
        }
        queue.publish();
        reader.join();
        assertNull(failure.get(), () -> String.valueOf(failure.get()));
        assertEquals(NUM_EVENTS, expecting.numEvents);
    }

    @Test
    void whatIsReservedIsThere() {
        var queue = new OutputQueue(3, 48, () -> {});
        int numWords = 0;
        while (queue.reserve(2)) {
            numWords += 2;
        }
        assertTrue(numWords >= 48, numWords + " words");
        assertEquals(numWords, queue.numReservedWords());
        assertFalse(queue.reserve(1));
        queue.unreserve(2);
        assertTrue(queue.reserve(2));
        assertEquals(numWords, queue.numReservedWords());
    }

    @Test
    void roomComesBackWhenItIsRead() {
        var queue = new OutputQueue(1, 48, () -> {});
        int numTokens = 0;
        while (queue.reserve(2)) {
            queue.unreserve(2);
            queue.writeToken(1, 0, numTokens++);
        }
        assertEquals(0, queue.poll(Requests.IGNORED, 1_000), "not published yet");
        queue.publish();
        assertFalse(queue.reserve(2));
        assertEquals(1, queue.poll(Requests.IGNORED, 1));
        assertTrue(queue.reserve(2));
        assertFalse(queue.reserve(2));
        assertEquals(numTokens - 1, queue.poll(Requests.IGNORED, 1_000));
    }

    @Test
    void endsHaveRoomInAFullRing() {
        var queue = new OutputQueue(5, 48, () -> {});
        assertTrue(queue.open(5));
        assertFalse(queue.open(1));
        Request request = Requests.of(9, new int[] {1}, 1, 5, Request.Options.DEFAULTS, queue);
        int numTokens = 0;
        while (queue.reserve(2)) {
            queue.unreserve(2);
            queue.writeToken(9, 0, numTokens++);
        }
        for (Sequence sequence : request.sequences) {
            sequence.numTokens = request.promptLength() + 70 + sequence.choice;
            sequence.numCachedTokens = 64;
            sequence.numPreemptions = 3;
            queue.writeFinish(sequence, FinishReason.DEADLINE, -1);
        }
        queue.publish();
        var collector = new Outcome.Collector();
        collector.outcomes.put(9L, new Outcome(5));
        assertEquals(numTokens + 5, queue.poll(collector, 1_000));
        Outcome outcome = collector.outcomes.get(9L);
        for (int i = 0; i < numTokens; i++) {
            assertEquals(i, outcome.choices.getFirst().rows.get(i).tokenId());
        }
        assertEquals(new OutputHandler.Finish(FinishReason.DEADLINE, -1, 74, 64, 3), outcome.choices.get(4).finish);
        assertEquals(0, queue.numOpenSequences());
        assertTrue(queue.open(5));
        queue.cancelOpen(2);
        assertEquals(3, queue.numOpenSequences());
    }

    @Test
    void theReaderIsToldOnceUntilItReads() {
        var numSignals = new AtomicInteger();
        var queue = new OutputQueue(1, 48, numSignals::incrementAndGet);
        queue.writeToken(1, 0, 1);
        queue.publish();
        queue.writeToken(1, 0, 2);
        queue.publish();
        assertEquals(1, numSignals.get());
        assertEquals(2, queue.poll(Requests.IGNORED, 10));
        queue.writeToken(1, 0, 3);
        queue.publish();
        assertEquals(2, numSignals.get());
    }

    @Test
    void everyKindOfRowFitsTwice() {
        assertEquals(2, OutputQueue.rowWords(-1));
        assertEquals(4, OutputQueue.rowWords(0));
        var queue = new OutputQueue(1, 0, () -> {});
        int words = OutputQueue.rowWords(SamplingParams.MAX_LOGPROBS);
        assertTrue(queue.reserve(words) && queue.reserve(words));
        assertThrows(IllegalArgumentException.class, () -> new OutputQueue(0, 10, () -> {}));
        assertThrows(IllegalArgumentException.class, () -> new OutputQueue(1 << 29, 10, () -> {}));
    }
}
