package io.penstock.serving.offline;

import io.penstock.scheduler.Rejection;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.openai.ResponseOptions;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Results as they are done, from {@link Penstock#generate(Iterator)}. One thread takes them; any thread may close. A
 * request that fails is a result with an error; a source of requests or an engine that fails ends the iteration with
 * that exception, after the results of all requests that had begun.
 */
public final class GenerationResults implements Iterator<GenerationResult>, AutoCloseable {
    private static final Object END = new Object();
    private static final int WORDS_PER_SEQ = 128;
    private static final int MOST_WORDS = 1 << 22;
    private static final long RETRY_MS = 1;

    private final Front front;
    private final Iterator<GenerationRequest> requests;
    private final int maxInFlight;
    private final Semaphore window;
    private final BlockingQueue<Object> done = new LinkedBlockingQueue<>();
    private final Thread feeder = Thread.ofPlatform().daemon().name("penstock-feeder").unstarted(this::feed);
    private final Thread reader = Thread.ofPlatform().daemon().name("penstock-reader").unstarted(this::read);

    /** Requests without a result, and one more while requests are read. */
    private final AtomicInteger numPending = new AtomicInteger(1);
    private final AtomicBoolean hasEnded = new AtomicBoolean();
    private volatile Throwable failure;
    private volatile boolean isClosed;

    // The consumer's own.
    private GenerationResult next;
    private boolean isAtEnd;

    private GenerationResults(Penstock penstock, Iterator<GenerationRequest> requests, int maxInFlight) {
        this.requests = requests;
        this.maxInFlight = maxInFlight;
        window = new Semaphore(maxInFlight);
        int numWords = (int) Math.min(MOST_WORDS, (long) maxInFlight * WORDS_PER_SEQ);
        front = new Front(penstock, maxInFlight + ResponseOptions.MAX_CHOICES, numWords, this::complete);
    }

    static GenerationResults start(Penstock penstock, Iterator<GenerationRequest> requests, int maxInFlight) {
        if (maxInFlight < 1) {
            throw new IllegalArgumentException("maxInFlight " + maxInFlight);
        }
        var results = new GenerationResults(penstock, requests, maxInFlight);
        results.reader.start();
        results.feeder.start();
        return results;
    }

    private void feed() {
        try {
            long index = 0;
            window.acquire();
            while (isTaking() && requests.hasNext()) {
                GenerationRequest request = requests.next();
                window.acquire(numPermits(request) - 1);
                begin(index, request);
                index++;
                window.acquire();
            }
        } catch (InterruptedException e) {
            assert isClosed || failure != null : "only an end interrupts";
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        countDown();
    }

    private boolean isTaking() {
        if (!isClosed && !front.isUp()) {
            failure = new EngineException(front.failure());
        }
        return !isClosed && failure == null;
    }

    private int numPermits(GenerationRequest request) {
        return Math.min(request.numChoices(), maxInFlight);
    }

    private void begin(long index, GenerationRequest asked) throws InterruptedException {
        numPending.incrementAndGet();
        ActiveRequest request;
        try {
            request = front.prepare(index, asked, (_, _) -> { });
        } catch (RuntimeException e) {
            complete(GenerationResult.failed(index, asked, e));
            return;
        }
        Rejection rejection = front.submit(request);
        while (rejection == Rejection.QUEUE_FULL || rejection == Rejection.TOO_MANY_OPEN) {
            TimeUnit.MILLISECONDS.sleep(RETRY_MS);
            rejection = front.submit(request);
        }
        if (rejection != null) {
            complete(GenerationResult.failed(index, asked, front.refusal(rejection)));
        } else if (isClosed) {
            front.abort(request);
        }
    }

    private void complete(GenerationResult result) {
        done.add(result);
        countDown();
    }

    private void countDown() {
        if (numPending.decrementAndGet() == 0) {
            end();
        }
    }

    private void end() {
        if (hasEnded.compareAndSet(false, true)) {
            done.add(END);
            front.wake();
        }
    }

    private void read() {
        try {
            while (!hasEnded.get()) {
                front.work();
                if (front.isIdle() && (isClosed || !front.isUp())) {
                    endEarly();
                }
            }
        } catch (RuntimeException | Error e) {
            failure = new EngineException("reading the engine's output failed: " + e, e);
            front.abortAll();
            feeder.interrupt();
            end();
        }
    }

    /** Nothing is under way, and nothing can be: the source of requests is left where it is. */
    private void endEarly() {
        if (numPending.get() > 0 && failure == null) {
            failure = new EngineException(front.failure());
        }
        feeder.interrupt();
        end();
    }

    /** Waits for the next result. */
    @Override
    public boolean hasNext() {
        if (next != null || isAtEnd || isClosed) {
            return next != null && !isClosed;
        }
        Object taken;
        try {
            taken = done.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EngineException("interrupted while waiting for a result", e);
        }
        if (taken != END && !isClosed) {
            next = (GenerationResult) taken;
            return true;
        }
        isAtEnd = true;
        if (!isClosed) {
            rethrow(failure);
        }
        return false;
    }

    private static void rethrow(Throwable failure) {
        switch (failure) {
            case null -> { }
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }

    @Override
    public GenerationResult next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all results have been taken");
        }
        GenerationResult result = next;
        next = null;
        window.release(numPermits(result.request()));
        return result;
    }

    /** Ends what runs, forgets what was not taken, and reads no more requests. */
    @Override
    public void close() {
        isClosed = true;
        feeder.interrupt();
        front.abortAll();
        front.wake();
        boolean interrupted = false;
        while (reader.isAlive()) {
            try {
                reader.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        done.clear();
        done.add(END);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
