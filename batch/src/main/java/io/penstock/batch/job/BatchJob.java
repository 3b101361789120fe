package io.penstock.batch.job;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchEngine;
import io.penstock.batch.BatchException;
import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchSource;
import io.penstock.batch.journal.Disk;
import io.penstock.batch.journal.JobStore;
import io.penstock.batch.journal.Manifest;
import io.penstock.batch.journal.ResultLog;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.run.EngineOpener;
import io.penstock.batch.run.KeySet;
import io.penstock.batch.run.Pipeline;
import io.penstock.batch.run.PipelineOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * One run of a job: opened, which says what is left to do, and run. One thread opens, runs and closes; any thread may
 * stop it or look at its progress.
 */
public final class BatchJob implements AutoCloseable {
    /** Results that have been waiting for so long are made durable, however few they are. */
    private static final long GROUP_NS = TimeUnit.SECONDS.toNanos(1);

    private final JobSpec spec;
    private final JobStore store;
    private final JobProgress progress = new JobProgress();
    private final KeySet done = new KeySet();
    private BatchSource.Place place = BatchSource.Place.START;
    private ResultLog log;
    private volatile Pipeline pipeline;
    private volatile boolean isStopped;
    private volatile boolean isClosed;

    /** How a run ended. */
    public enum End {
        /** Every record has a result, and the output its name. */
        DONE,
        /** It was stopped; the next run goes on. */
        STOPPED
    }

    private BatchJob(JobSpec spec, JobStore store) {
        this.spec = spec;
        this.store = store;
    }

    /**
     * Takes up a job: begins it, or finds out how far it is.
     *
     * @param bytesRead told how much of the input was read, where it has to be
     * @throws io.penstock.runtime.InputException if the output is another job's
     * @throws BatchException if the disk does not do
     */
    public static BatchJob open(JobSpec spec, Disk disk, LongConsumer bytesRead) {
        try {
            JobStore store = JobStore.open(disk, spec.files(), asked(spec, bytesRead), spec.choices().policy());
            var job = new BatchJob(spec, store);
            try {
                job.load();
                return job;
            } catch (IOException | RuntimeException e) {
                job.close();
                throw e;
            }
        } catch (UncheckedIOException e) {
            throw failure(spec, e.getCause());
        } catch (IOException e) {
            throw failure(spec, e);
        }
    }

    private static BatchException failure(JobSpec spec, IOException e) {
        return new BatchException(spec.files().output() + ": " + reason(e)
                + "; what is done is kept: mend that and run the same command again", e);
    }

    private static String reason(IOException e) {
        return e instanceof java.nio.file.FileSystemException && e.getMessage() != null
                ? e.getClass().getSimpleName().replace("Exception", "") + " " + e.getMessage()
                : String.valueOf(e.getMessage());
    }

    private static JobStore.Asked asked(JobSpec spec, LongConsumer bytesRead) throws IOException {
        BatchInput input = spec.input();
        BatchInput.Stamp stamp = input.stamp();
        return new JobStore.Asked(spec.version(),
                new Manifest.Input(input.name(), input.isRepeatable() ? "?" : "", stamp.bytes(), stamp.modifiedMs(), 0),
                () -> read(input, stamp, bytesRead), spec.settings());
    }

    private static Manifest.Input read(BatchInput input, BatchInput.Stamp stamp, LongConsumer bytesRead) {
        if (!input.isRepeatable()) {
            return new Manifest.Input(input.name(), "", 0, 0, 0);
        }
        try {
            BatchInput.Contents contents = input.contents(bytesRead);
            return new Manifest.Input(input.name(), contents.sha256(), stamp.bytes(), stamp.modifiedMs(),
                    contents.records());
        } catch (IOException e) {
            throw new UncheckedIOException(new IOException(input.name() + " cannot be read: " + e.getMessage(), e));
        }
    }

    private void load() throws IOException {
        progress.expect(store.manifest().input().records());
        if (store.isDone()) {
            store.commit(spec.sink() == null ? store.asLines() : spec.sink());
            return;
        }
        log = store.log(new ResultLog.Loader() {
            @Override
            public void result(BatchResult result) {
                done.addNumber(result.number());
                if (result.key() != null) {
                    done.add(result.key());
                }
                progress.addEarlier(result);
            }

            @Override
            public void place(BatchSource.Place donePlace) {
                place = donePlace;
            }
        });
    }

    /** Whether there is nothing to run: the job was finished earlier. */
    public boolean isDone() {
        return store.isDone();
    }

    /** What came of it, where {@link #isDone}: counts by name. */
    public ObjectNode summary() {
        return store.manifest().summary();
    }

    public JobProgress progress() {
        return progress;
    }

    /** What the engine is doing; nothing while there is none. */
    public BatchEngine.Load load(BatchEngine.Load nothing) {
        Pipeline running = pipeline;
        return running == null ? nothing : running.load();
    }

    /**
     * Runs what is left until all is done, or until somebody stops it.
     *
     * @throws BatchException if it cannot go on; it can be opened again
     */
    public End run(LineFormat format, EngineOpener opener) {
        try (BatchSource source = spec.input().open()) {
            boolean isByKey = store.hasOtherInput() || !spec.input().isRepeatable();
            if (!isByKey && !place.equals(BatchSource.Place.START)) {
                source.seek(place);
            }
            var options = new PipelineOptions(spec.choices().order(), spec.choices().maxAttempts(),
                    isByKey ? new ForcedDone(done) : done, isByKey ? BatchSource.Place.START : place,
                    spec.choices().shard());
            try (Pipeline running = Pipeline.start(source, format, opener, options)) {
                pipeline = running;
                if (isStopped) {
                    running.stop();
                }
                store(running);
                if (!running.isComplete()) {
                    return End.STOPPED;
                }
            }
            finish();
            return End.DONE;
        } catch (IOException e) {
            throw failure(spec, e);
        }
    }

    private void store(Pipeline running) throws IOException {
        long committedNs = System.nanoTime();
        try {
            boolean isAtEnd = false;
            while (!isAtEnd && !isClosed) {
                if (running.awaitNext(GROUP_NS)) {
                    isAtEnd = !running.hasNext();
                    if (!isAtEnd) {
                        BatchResult result = running.next();
                        log.append(result);
                        progress.add(result);
                    }
                }
                long nowNs = System.nanoTime();
                if (log.isFull() || log.isDirty() && nowNs - committedNs >= GROUP_NS) {
                    log.commit(running.donePlace());
                    committedNs = nowNs;
                }
            }
        } catch (BatchException e) {
            log.commit(running.donePlace());
            throw e;
        }
        if (log.isDirty()) {
            log.commit(running.donePlace());
        }
    }

    private void finish() throws IOException {
        log.close();
        ObjectNode summary = JsonNodeFactory.instance.objectNode();
        summary.put("done", progress.numDone()).put("failed", progress.numFailed());
        store.finish(summary);
        store.commit(spec.sink() == null ? store.asLines() : spec.sink());
    }

    /** Ends a job that did not come to its end: what there is gets its name, and the rest stays without a result. */
    public void settle() {
        try {
            finish();
        } catch (IOException e) {
            throw failure(spec, e);
        }
    }

    /** Begins no more lines, and finishes those that are under way. */
    public void stop() {
        isStopped = true;
        Pipeline running = pipeline;
        if (running != null) {
            running.stop();
        }
    }

    /** Gives up what is under way; {@link #run} ends soon. */
    public void abort() {
        isClosed = true;
        stop();
        Pipeline running = pipeline;
        if (running != null) {
            running.close();
        }
    }

    @Override
    public void close() {
        ResultLog opened = log;
        try (store; opened) {
            // both, whatever the other does
        } catch (IOException e) {
            throw failure(spec, e);
        }
    }
}
