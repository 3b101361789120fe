package io.penstock.batch.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchException;
import io.penstock.batch.job.BatchJob;
import io.penstock.batch.job.JobSpec;
import io.penstock.batch.journal.Disk;
import io.penstock.batch.journal.JobFiles;
import io.penstock.batch.journal.JobStore;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.line.LineOptions;
import io.penstock.batch.run.EngineOpener;
import io.penstock.batch.run.PipelineOptions;
import io.penstock.batch.source.LineFile;
import io.penstock.runtime.InputException;
import io.penstock.serving.model.RequestEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs batches, one after the other, on a thread of its own. Any thread may ask. */
final class BatchService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BatchService.class);
    private static final long POLL_MS = 500;
    private static final long RETRY_MS = 5_000;

    private final BatchStore store;
    private final Disk disk;
    private final RequestEncoder encoder;
    private final BatchApi.Answers answers;
    private final ObjectNode settings;
    private final EngineOpener opener;
    private final Clock clock;
    private final LinkedBlockingQueue<String> waiting = new LinkedBlockingQueue<>();
    private final Thread thread = Thread.ofPlatform().daemon().name("penstock-batches").unstarted(this::work);

    /** The batch that runs, if one does. */
    private volatile String runningId;
    private volatile BatchJob running;
    private volatile boolean isClosed;

    /**
     * What a service needs of the server.
     *
     * @param settings all that results depend on but input and line
     */
    record Model(RequestEncoder encoder, BatchApi.Answers answers, ObjectNode settings) {}

    BatchService(BatchStore store, Disk disk, Model model, EngineOpener opener, Clock clock) {
        this.store = store;
        this.disk = disk;
        this.clock = clock;
        this.opener = opener;
        encoder = model.encoder();
        answers = model.answers();
        settings = model.settings();
    }

    /** Begins, with what was left when the server ended last. */
    void start() {
        List<StoredBatch> known = store.batches();
        for (int i = known.size() - 1; i >= 0; i--) {
            if (!known.get(i).status().isOver()) {
                waiting.add(known.get(i).id());
            }
        }
        thread.start();
    }

    private long nowSeconds() {
        return clock.instant().getEpochSecond();
    }

    /** A new batch, which waits for its turn. */
    StoredBatch add(StoredBatch batch) throws IOException {
        store.put(batch);
        waiting.add(batch.id());
        return batch;
    }

    /** A batch with its counts as they are now. */
    StoredBatch counted(StoredBatch batch) {
        BatchJob job = running;
        return job != null && batch.id().equals(runningId) ? counted(batch, job) : batch;
    }

    private static StoredBatch counted(StoredBatch batch, BatchJob job) {
        var progress = job.progress();
        return batch.withCounts(progress.numRecords(), progress.numDone() - progress.numFailed(),
                progress.numFailed());
    }

    /** Ends a batch with what it has; one that is over stays as it is. */
    synchronized StoredBatch cancel(StoredBatch batch) throws IOException {
        StoredBatch now = store.batch(batch.id());
        if (now.status().isOver() || now.status() == StoredBatch.Status.CANCELLING) {
            return now;
        }
        StoredBatch cancelling = counted(now).with(StoredBatch.Status.CANCELLING, nowSeconds());
        store.put(cancelling);
        BatchJob job = running;
        if (job != null && batch.id().equals(runningId)) {
            job.abort();
        }
        return cancelling;
    }

    private synchronized StoredBatch move(String id, StoredBatch.Status status) throws IOException {
        StoredBatch batch = store.batch(id);
        if (batch.status() != StoredBatch.Status.CANCELLING) {
            batch = batch.with(status, nowSeconds());
            store.put(batch);
        }
        return batch;
    }

    private void work() {
        while (!isClosed) {
            try {
                String id = waiting.poll(POLL_MS, TimeUnit.MILLISECONDS);
                if (id != null && !isClosed) {
                    run(id);
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void run(String id) throws InterruptedException {
        try {
            runOnce(store.batch(id));
        } catch (InputException e) {
            LOG.warn("batch {} failed: {}", id, e.getMessage());
            fail(id, e.getMessage());
        } catch (BatchException | IOException e) {
            LOG.error("batch {} cannot go on for now: {}", id, e.getMessage());
            if (!isClosed) {
                TimeUnit.MILLISECONDS.sleep(RETRY_MS);
                waiting.add(id);
            }
        } catch (RuntimeException e) {
            LOG.error("batch {} failed because of a defect", id, e);
            fail(id, "the server failed to run the batch");
        } finally {
            running = null;
            runningId = null;
        }
    }

    private void fail(String id, String why) {
        try {
            store.put(store.batch(id).withError("failed", why).with(StoredBatch.Status.FAILED, nowSeconds()));
        } catch (IOException e) {
            LOG.error("batch {} failed, and that cannot be written: {}", id, e.getMessage());
        }
    }

    private void runOnce(StoredBatch batch) throws IOException {
        StoredFile input = store.file(batch.inputFileId());
        if (input == null) {
            throw new InputException("the input file " + batch.inputFileId() + " was deleted");
        }
        Path folder = store.folder(batch);
        var files = new JobFiles(folder.resolve("output.jsonl"), folder.resolve("errors.jsonl"));
        var spec = new JobSpec(new LineFile(store.content(input), LineFile.DEFAULT_MAX_LINE_BYTES), files, null,
                settings, new JobSpec.Choices(PipelineOptions.Order.PREFIX, PipelineOptions.DEFAULT_ATTEMPTS,
                PipelineOptions.Shard.ALL, JobStore.Policy.RESUME), "");
        try (BatchJob job = BatchJob.open(spec, disk, _ -> { })) {
            runningId = batch.id();
            running = job;
            StoredBatch now = move(batch.id(), StoredBatch.Status.IN_PROGRESS);
            boolean isDone = job.isDone();
            if (!isDone && now.status() != StoredBatch.Status.CANCELLING) {
                isDone = runJob(now, job);
            }
            if (isClosed && !isDone) {
                return;
            }
            StoredBatch.Status end = isDone ? StoredBatch.Status.COMPLETED
                    : store.batch(batch.id()).status() == StoredBatch.Status.CANCELLING
                            ? StoredBatch.Status.CANCELLED : StoredBatch.Status.EXPIRED;
            if (!isDone) {
                job.settle();
            }
            finish(job, files, end);
        }
    }

    /** Until all is done, or the batch was cancelled or is too late. */
    private boolean runJob(StoredBatch batch, BatchJob job) throws IOException {
        Thread watching = Thread.ofPlatform().daemon().name("penstock-batch-expiry").start(() -> {
            try {
                while (nowSeconds() < batch.expiresSeconds()) {
                    TimeUnit.MILLISECONDS.sleep(POLL_MS);
                }
                job.abort();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            if (isClosed || store.batch(batch.id()).status() == StoredBatch.Status.CANCELLING) {
                return false;
            }
            LineOptions options = new LineOptions(new LineOptions.Models(answers.modelNames(), false),
                    new LineOptions.Plain(null, JsonNodeFactory.instance.objectNode(), null, false,
                            LineOptions.Plain.CUSTOM_ID), 0, batch.createdSeconds(), answers.separatesReasoning());
            return job.run(LineFormat.of(encoder, options), opener) == BatchJob.End.DONE;
        } finally {
            watching.interrupt();
        }
    }

    private void finish(BatchJob job, JobFiles files, StoredBatch.Status end) throws IOException {
        String id = runningId;
        StoredBatch batch = move(id, StoredBatch.Status.FINALIZING);
        String output = keep(id, "output", files.output());
        String errors = keep(id, "errors", files.errors());
        store.put(counted(batch, job).withFiles(output, errors).with(end, nowSeconds()));
    }

    /** A result as a file of the store; null where it is empty. May be done again. */
    private String keep(String batchId, String what, Path file) throws IOException {
        String id = "file-" + batchId.substring(batchId.indexOf('_') + 1) + "-" + what;
        if (store.file(id) != null) {
            return id;
        }
        long bytes = disk.size(file);
        if (bytes <= 0) {
            return null;
        }
        store.addFile(new StoredFile(id, bytes, nowSeconds(), batchId + "_" + what + ".jsonl", "batch_output"), file);
        return id;
    }

    /** Stops what runs, resumably. */
    @Override
    public void close() {
        isClosed = true;
        BatchJob job = running;
        if (job != null) {
            job.abort();
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
