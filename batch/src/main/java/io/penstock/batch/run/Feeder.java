package io.penstock.batch.run;

import io.penstock.batch.BatchEngine;
import io.penstock.batch.BatchException;
import io.penstock.batch.line.LineAnswers;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.offline.GenerationResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the engine fed. One thread reads ahead and submits; results come on the engine's threads.
 *
 * <p>What the engine itself failed at is tried again. If it died, it is opened again, and the lines that were in it are
 * run one at a time: one that kills it again is found out, and the others are not blamed. A line that has used up its
 * attempts is only given up when another one has been answered since, or none is left: an engine that fails at
 * everything ends the pipeline, and no line is lost to it.
 */
final class Feeder {
    private static final Logger LOG = LoggerFactory.getLogger(Feeder.class);

    private static final int READ_AT_ONCE = 64;
    private static final int MAX_WINDOW_LINES = 1 << 14;
    private static final long MAX_WINDOW_TOKENS = 1 << 23;
    private static final int MAX_UNTAKEN = 4_096;
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(2);

    private final RecordReader reader;
    private final LineAnswers answers;
    private final EngineOpener opener;
    private final PipelineOptions options;
    private final BlockingQueue<Object> finished;
    private final Window window;
    private final Queue<Work> failed = new ConcurrentLinkedQueue<>();
    private final AtomicInteger numInFlight = new AtomicInteger();

    /** Lines that were in an engine when it died. */
    private final Queue<Work> suspects = new ArrayDeque<>();

    /** Lines without attempts left, until the engine has proved that it was they. */
    private final List<Work> condemned = new ArrayList<>();
    private int numDeaths;

    /** Answered since the engine failed last; written by the engine's threads. */
    private volatile boolean hasAnswered;
    private volatile BatchEngine engine;
    private volatile Thread thread;
    private volatile int windowSize;
    private volatile boolean isWaiting;
    private volatile boolean isStopped;
    private volatile boolean isClosed;
    private volatile boolean isComplete;
    private volatile RuntimeException failure;

    Feeder(RecordReader reader, LineAnswers answers, EngineOpener opener, PipelineOptions options,
            BlockingQueue<Object> finished) {
        this.reader = reader;
        this.answers = answers;
        this.opener = opener;
        this.options = options;
        this.finished = finished;
        window = new Window(options.order());
        engine = opener.open();
    }

    void run() {
        thread = Thread.currentThread();
        try {
            while (!isOver()) {
                boolean hasWorked = sortFailures();
                hasWorked |= readAhead();
                hasWorked |= feed();
                if (!hasWorked) {
                    pause();
                }
            }
            isComplete = !isStopped && !isClosed;
        } catch (RuntimeException e) {
            failure = e;
            awaitInFlight();
        } catch (Error e) {
            failure = new BatchException("the job cannot go on: " + e, e);
            awaitInFlight();
        } finally {
            engine.close();
            finished.add(Pipeline.END);
        }
    }

    private boolean isOver() {
        boolean isEmpty = numInFlight.get() == 0 && failed.isEmpty();
        if (isStopped || isClosed) {
            return isClosed || isEmpty;
        }
        if (!isEmpty || !reader.isAtEnd() || !window.isEmpty() || !suspects.isEmpty()) {
            return false;
        }
        giveUpCondemned();
        return true;
    }

    /** What is done already is still told. */
    private void awaitInFlight() {
        while (numInFlight.get() > 0 && !isClosed && !engine.isDead()) {
            LockSupport.parkNanos(this, PAUSE_NS);
        }
    }

    private boolean readAhead() {
        if (isStopped || reader.isAtEnd() || finished.size() > MAX_UNTAKEN) {
            return false;
        }
        long mostTokens = Math.min(MAX_WINDOW_TOKENS, engine.capacityTokens());
        int numRead = 0;
        while (numRead < READ_AT_ONCE && !reader.isAtEnd() && window.size() < MAX_WINDOW_LINES
                && window.numPromptTokens() <= mostTokens) {
            Work work = reader.read();
            if (work != null) {
                window.add(work);
            }
            numRead++;
        }
        windowSize = window.size();
        return numRead > 0;
    }

    private boolean feed() {
        if (isStopped || engine.isDead()) {
            return false;
        }
        if (!suspects.isEmpty()) {
            if (numInFlight.get() > 0) {
                return false;
            }
            submit(suspects.remove());
            return true;
        }
        int room = finished.size() > MAX_UNTAKEN ? 0 : engine.room();
        boolean hasFed = false;
        while (room > 0 && !window.isEmpty()) {
            Work work = window.take();
            room -= work.numChoices();
            submit(work);
            hasFed = true;
        }
        windowSize = window.size();
        return hasFed;
    }

    private void submit(Work work) {
        work.begin();
        numInFlight.incrementAndGet();
        List<GenerationRequest> requests = work.requests();
        for (int i = 0; i < requests.size(); i++) {
            int index = i;
            engine.submit(requests.get(i), result -> take(work, index, result));
        }
    }

    /** On the engine's threads. */
    private void take(Work work, int index, GenerationResult result) {
        if (!work.take(index, result)) {
            return;
        }
        if (work.refusal() == null && work.hasFailed()) {
            failed.add(work);
        } else {
            finished.add(work);
            hasAnswered = true;
        }
        numInFlight.decrementAndGet();
        wake();
    }

    /** Decides what becomes of lines that the engine failed at, when it is known whether it died of one. */
    private boolean sortFailures() {
        if (hasAnswered) {
            numDeaths = 0;
            giveUpCondemned();
            hasAnswered = false;
        }
        boolean isDead = engine.isDead();
        if (isDead && numInFlight.get() > 0) {
            return false;
        }
        boolean hadAny = !failed.isEmpty();
        for (Work work = failed.poll(); work != null; work = failed.poll()) {
            if (isStopped) {
                continue;
            }
            if (work.numFailures() >= options.maxAttempts()) {
                condemned.add(work);
            } else if (isDead) {
                suspects.add(work);
            } else {
                window.add(work);
            }
        }
        if (isDead && !isStopped) {
            reopen();
        }
        return hadAny || isDead;
    }

    private void giveUpCondemned() {
        for (Work work : condemned) {
            finished.add(answers.failed(work.line(), work.failure()));
        }
        condemned.clear();
    }

    private void reopen() {
        numDeaths++;
        String reason = condemned.isEmpty() ? suspects.isEmpty() ? "it died" : suspects.peek().failure()
                : condemned.getLast().failure();
        if (numDeaths > options.maxAttempts()) {
            throw new BatchException("the engine died " + numDeaths + " times without answering anything: " + reason
                    + "; what is done is kept, run the same command again when it works");
        }
        LOG.warn("the engine is opened again: {}", reason);
        engine.close();
        try {
            engine = opener.open();
        } catch (RuntimeException e) {
            throw new BatchException("the engine died (" + reason + ") and cannot be opened again: " + e.getMessage()
                    + "; what is done is kept, run the same command again when it works", e);
        }
    }

    private void pause() {
        engine.requireProgress();
        isWaiting = true;
        try {
            if (failed.isEmpty() && !isClosed) {
                LockSupport.parkNanos(this, PAUSE_NS);
            }
        } finally {
            isWaiting = false;
        }
    }

    /** Something has changed. */
    void wake() {
        if (isWaiting) {
            LockSupport.unpark(thread);
        }
    }

    void rethrow() {
        if (failure != null) {
            throw failure;
        }
    }

    boolean isComplete() {
        return isComplete;
    }

    BatchEngine.Load load() {
        return engine.load();
    }

    int numUnderWay() {
        return windowSize + numInFlight.get();
    }

    /** Reads and submits no more. */
    void stop() {
        isStopped = true;
        wake();
    }

    void close() {
        isClosed = true;
        isStopped = true;
        wake();
    }
}
