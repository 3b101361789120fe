package io.penstock.bench.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.management.OperatingSystemMXBean;
import io.penstock.batch.job.BatchJob;
import io.penstock.batch.job.JobSpec;
import io.penstock.batch.journal.FileDisk;
import io.penstock.batch.journal.JobFiles;
import io.penstock.batch.journal.JobStore;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.line.LineOptions;
import io.penstock.batch.local.LocalEngine;
import io.penstock.batch.run.EngineOpener;
import io.penstock.batch.run.PipelineOptions;
import io.penstock.batch.source.LineFile;
import io.penstock.bench.engine.NullRunner;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineConfig;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.offline.Penstock;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * What a job costs apart from its model: reading, tokenizing, scheduling, detokenizing and journalling of many lines,
 * with a runner that computes nothing; then how long a run takes that finds nearly all of it done.
 */
public final class JobSuite {
    /** Names the results file. */
    public static final String NAME = "batch-job";

    private static final ModelLimits LIMITS = new ModelLimits(256, 8_192, 1_024, 2_048, 256);
    private static final int OUTPUT_TOKENS = 4;
    private static final int LEFT_PERCENT = 1;
    private static final int LEAST_LEFT = 2_000;
    private static final long WATCH_MS = 1;

    private final RequestEncoder encoder;
    private final RunContext context;

    /** @param encoder of the model whose tokenizer and template are used */
    public JobSuite(RequestEncoder encoder, RunContext context) {
        this.encoder = encoder;
        this.context = context;
    }

    /**
     * Runs it once.
     *
     * @param folder for input and output, a few hundred bytes a line; both are removed in the end
     * @param onLines is told now and then how many lines are done
     */
    public BenchResult run(int numLines, Path folder, IntConsumer onLines) {
        Path work = null;
        try {
            work = Files.createTempDirectory(folder, "penstock-bench-batch");
            Path input = work.resolve("in.jsonl");
            writeLines(input, numLines);
            return measure(numLines, input, work.resolve("out.jsonl"), onLines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            remove(work);
        }
    }

    private static void writeLines(Path input, int numLines) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(input)) {
            for (int i = 0; i < numLines; i++) {
                out.write("{\"custom_id\": \"review-" + i + "\", \"method\": \"POST\", \"url\":"
                        + " \"/v1/chat/completions\", \"body\": {\"messages\": [{\"role\": \"user\", \"content\":"
                        + " \"Was guest " + i + " happy? The room was quiet.\"}], \"max_tokens\": " + OUTPUT_TOKENS
                        + ", \"temperature\": 0}}\n");
            }
        }
    }

    private BenchResult measure(int numLines, Path input, Path output, IntConsumer onLines) throws IOException {
        var spec = new JobSpec(new LineFile(input, LineFile.DEFAULT_MAX_LINE_BYTES), new JobFiles(output, null), null,
                JsonNodeFactory.instance.objectNode(), new JobSpec.Choices(PipelineOptions.Order.PREFIX,
                PipelineOptions.DEFAULT_ATTEMPTS, PipelineOptions.Shard.ALL, JobStore.Policy.RESUME), "bench");
        resetPeaks();
        long numLeft = Math.max(LEAST_LEFT, (long) numLines * LEFT_PERCENT / 100);
        long startNs = System.nanoTime();
        long startCpuNs = cpuNs();
        long numDone;
        try (BatchJob job = BatchJob.open(spec, new FileDisk(), read -> { })) {
            Thread stopping = Thread.ofPlatform().start(() -> {
                await(() -> {
                    onLines.accept((int) job.progress().numDone());
                    return job.progress().numDone() >= numLines - numLeft;
                });
                job.abort();
            });
            job.run(format(), opener());
            stopping.interrupt();
            numDone = job.progress().numDone();
        }
        double seconds = (System.nanoTime() - startNs) / 1e9;
        double cpuMicros = (cpuNs() - startCpuNs) / 1e3 / numDone;
        double peakMiB = peakBytes() / (double) (1 << 20);

        long resumeNs = System.nanoTime();
        double[] resumeSeconds = {0};
        try (BatchJob job = BatchJob.open(spec, new FileDisk(), read -> { })) {
            Thread watching = Thread.ofPlatform().start(() -> {
                await(() -> job.progress().numDone() > job.progress().numEarlier());
                resumeSeconds[0] = (System.nanoTime() - resumeNs) / 1e9;
            });
            job.run(format(), opener());
            watching.interrupt();
            join(watching);
        }
        try (var lines = Files.lines(output)) {
            if (lines.count() != numLines) {
                throw new IllegalStateException("the output has not " + numLines + " lines");
            }
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("linesPerSecond", numDone / seconds);
        metrics.put("seconds", seconds);
        metrics.put("cpuMicrosPerLine", cpuMicros);
        metrics.put("peakHeapMiB", peakMiB);
        metrics.put("resumeSeconds", resumeSeconds[0]);
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("lines", numLines);
        config.put("linesLeftForResume", numLines - numDone);
        config.put("outputTokens", OUTPUT_TOKENS);
        config.put("maxNumSeqs", LIMITS.maxNumSeqs());
        config.put("heapLimitMiB", Runtime.getRuntime().maxMemory() >> 20);
        config.put("inputBytes", Files.size(input));
        return new BenchResult(NAME, "null-" + numLines, context, null, config, metrics, null);
    }

    private LineFormat format() {
        return LineFormat.of(encoder, new LineOptions(new LineOptions.Models(List.of("null"), true),
                new LineOptions.Plain(null, JsonNodeFactory.instance.objectNode(), null, false,
                        LineOptions.Plain.CUSTOM_ID), 0, 0, true));
    }

    private EngineOpener opener() {
        return () -> {
            var runner = new NullRunner(LIMITS, encoder.tokenizer().vocabSize());
            var engine = new Engine(runner, EngineConfig.throughput(), System::nanoTime);
            return new LocalEngine(Penstock.start(encoder, engine, LIMITS, () -> 0));
        };
    }

    private interface Condition {
        boolean holds();
    }

    private static void await(Condition condition) {
        try {
            while (!condition.holds()) {
                Thread.sleep(WATCH_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Of the process, which other processes on the machine do not change much. */
    private static long cpuNs() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    private static void resetPeaks() {
        ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
    }

    private static long peakBytes() {
        return ManagementFactory.getMemoryPoolMXBeans().stream().filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
    }

    private static void remove(Path folder) {
        if (folder == null) {
            return;
        }
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
