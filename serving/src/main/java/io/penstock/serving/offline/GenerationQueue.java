package io.penstock.serving.offline;

import io.penstock.runtime.InputException;
import io.penstock.scheduler.Rejection;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.openai.ResponseOptions;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Requests that are pushed one by one, each with somebody who is told its result; from {@link Penstock#queue}. Any
 * thread may submit. Results are told on one thread, which no one may hold up.
 */
public final class GenerationQueue implements AutoCloseable {
    private static final int WORDS_PER_SEQ = 128;
    private static final int MOST_WORDS = 1 << 22;
    private static final long RETRY_MS = 1;

    private final Front front;
    private final ConcurrentHashMap<Long, Consumer<GenerationResult>> waiting = new ConcurrentHashMap<>();
    private final AtomicLong nextIndex = new AtomicLong();
    private final AtomicInteger numChoices = new AtomicInteger();
    private final Thread reader = Thread.ofPlatform().daemon().name("penstock-queue").unstarted(this::read);
    private volatile boolean isClosed;

    GenerationQueue(Penstock penstock, int maxInFlight) {
        int numWords = (int) Math.min(MOST_WORDS, (long) maxInFlight * WORDS_PER_SEQ);
        front = new Front(penstock, maxInFlight + ResponseOptions.MAX_CHOICES, numWords, this::complete);
        reader.start();
    }

    /**
     * Prepares a request on this thread and hands it over; where the engine has no place, waits for one.
     *
     * @param done told the result once, also if it is that the request cannot be run or the engine is closed
     */
    public void submit(GenerationRequest asked, Consumer<GenerationResult> done) {
        long index = nextIndex.getAndIncrement();
        numChoices.addAndGet(asked.numChoices());
        waiting.put(index, done);
        RuntimeException refusal;
        try {
            ActiveRequest request = front.prepare(index, asked, (_, _) -> { });
            Rejection rejection = front.submit(request);
            while (rejection == Rejection.QUEUE_FULL || rejection == Rejection.TOO_MANY_OPEN) {
                TimeUnit.MILLISECONDS.sleep(RETRY_MS);
                rejection = isClosed ? Rejection.STOPPED : front.submit(request);
            }
            refusal = rejection == null ? null : front.refusal(rejection);
            if (isClosed) {
                front.failAll();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            refusal = new EngineException("interrupted while waiting for a place in the engine", e);
        } catch (InputException e) {
            refusal = e;
        } catch (RuntimeException e) {
            refusal = new EngineException("the request could not be prepared: " + e, e);
        }
        if (refusal != null) {
            complete(GenerationResult.failed(index, asked, refusal));
        }
    }

    private void complete(GenerationResult result) {
        Consumer<GenerationResult> done = waiting.remove(result.index());
        if (done != null) {
            numChoices.addAndGet(-result.request().numChoices());
            done.accept(result);
        }
    }

    /** Choices of requests whose result was not told yet. */
    public int numChoices() {
        return numChoices.get();
    }

    /** Whether the engine takes requests. */
    public boolean isUp() {
        return !isClosed && front.isUp();
    }

    private void read() {
        while (!isClosed || !front.isIdle()) {
            front.work();
        }
    }

    /** Ends what is under way: those who wait are told that the engine was closed. */
    @Override
    public void close() {
        isClosed = true;
        front.failAll();
        front.wake();
        boolean interrupted = false;
        while (reader.isAlive()) {
            try {
                reader.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
