package io.penstock.batch.run;

import io.penstock.batch.BatchEngine;
import io.penstock.batch.BatchException;
import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchResults;
import io.penstock.batch.BatchSource;
import io.penstock.batch.line.LineFormat;
import io.penstock.runtime.InputException;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Records of a source through an engine, to results. One thread reads, tokenizes and submits; the taker's thread makes
 * the lines.
 */
public final class Pipeline implements BatchResults {
    static final Object END = new Object();

    private final BlockingQueue<Object> finished = new LinkedBlockingQueue<>();
    private final Outstanding outstanding;
    private final LineFormat format;
    private final Feeder feeder;
    private final Thread thread;

    // The taker's own.
    private BatchResult next;
    private boolean isAtEnd;

    /** Whether the last result was taken: one who closes ends the pipeline too, and forgets what was not. */
    private boolean hasTakenAll;

    private Pipeline(BatchSource source, LineFormat format, EngineOpener opener, PipelineOptions options) {
        this.format = format;
        outstanding = new Outstanding(options.start());
        var reader = new RecordReader(source, format, options, outstanding, finished::add);
        feeder = new Feeder(reader, format.answers(), opener, options, finished);
        thread = Thread.ofPlatform().daemon().name("penstock-batch").unstarted(feeder::run);
    }

    /**
     * Opens the engine and starts.
     *
     * @param source read from {@code options.start()} on; not closed
     * @throws RuntimeException what the opener throws
     */
    public static Pipeline start(
            BatchSource source, LineFormat format, EngineOpener opener, PipelineOptions options) {
        var pipeline = new Pipeline(source, format, opener, options);
        pipeline.thread.start();
        return pipeline;
    }

    @Override
    public boolean hasNext() {
        while (!awaitNext(Long.MAX_VALUE)) {
            // not yet
        }
        return next != null;
    }

    /**
     * Waits for a time at most until {@link #hasNext} can say something without waiting.
     *
     * @throws BatchException as {@link #hasNext} does
     */
    public boolean awaitNext(long timeoutNs) {
        if (next != null || isAtEnd) {
            return true;
        }
        Object taken;
        try {
            taken = finished.poll(timeoutNs, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BatchException("interrupted while waiting for a result", e);
        }
        if (taken == END) {
            isAtEnd = true;
            hasTakenAll = true;
            feeder.rethrow();
        } else if (taken != null) {
            next = taken instanceof Work work ? result(work) : (BatchResult) taken;
        }
        return taken != null;
    }

    private BatchResult result(Work work) {
        InputException refusal = work.refusal();
        return refusal != null ? format.answers().refused(work.line(), refusal)
                : format.answers().answered(work.line(), work.results());
    }

    @Override
    public BatchResult next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all results have been taken");
        }
        BatchResult result = next;
        next = null;
        outstanding.taken(result.number());
        feeder.wake();
        return result;
    }

    /** True behind the last result, if no record was left without one. */
    public boolean isComplete() {
        return hasTakenAll && feeder.isComplete();
    }

    @Override
    public BatchSource.Place donePlace() {
        return outstanding.donePlace();
    }

    /** What the engine is doing. */
    public BatchEngine.Load load() {
        return feeder.load();
    }

    /** Records that were read and have no result yet. */
    public int numUnderWay() {
        return feeder.numUnderWay();
    }

    @Override
    public void stop() {
        feeder.stop();
    }

    @Override
    public void close() {
        feeder.close();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        isAtEnd = true;
        finished.clear();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
