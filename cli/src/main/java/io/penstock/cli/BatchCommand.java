package io.penstock.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchException;
import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchSource;
import io.penstock.batch.job.BatchJob;
import io.penstock.batch.job.JobSpec;
import io.penstock.batch.journal.FileDisk;
import io.penstock.batch.journal.JobFiles;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.line.LineOptions;
import io.penstock.batch.local.LocalEngine;
import io.penstock.batch.local.ModelFingerprint;
import io.penstock.batch.remote.RemoteEngine;
import io.penstock.batch.remote.WorkerAddress;
import io.penstock.batch.remote.WorkerCheck;
import io.penstock.batch.run.EngineOpener;
import io.penstock.batch.run.KeySet;
import io.penstock.batch.run.PipelineOptions;
import io.penstock.runtime.InputException;
import io.penstock.serving.model.Backend;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.Penstock;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "batch",
        abbreviateSynopsis = true,
        description = "Answers a file of requests, one a line, into a file of results. Whatever stops it, the same"
                + " command goes on, and the results are the same as if nothing had.",
        footer = {
            "%nExamples:",
            "  penstock batch -i requests.jsonl -o results.jsonl",
            "  penstock batch -i reviews.jsonl -o labels.jsonl --template \"Classify: {text}\" --max-tokens 8",
            "  zcat huge.jsonl.gz | penstock batch -i - -o - --temperature 0 | jq .response.body",
            "  penstock batch -i requests.jsonl -o results.jsonl --shard 3/16",
            "  penstock batch -i requests.jsonl -o results.jsonl --workers gpu1:50051,gpu2:50051",
            "  penstock batch -i questions.parquet -o answers.parquet --column question --id-field id",
            "%nA line is an OpenAI batch request (custom_id, method, url, body; /v1/chat/completions and"
                    + " /v1/completions), or a plain object with prompt or messages and sampling fields; with"
                    + " --template any object. Options of sampling are defaults for plain lines. A request without a"
                    + " seed gets one made of --seed and its custom_id.",
            "A result is a line in the form of OpenAI's batch output, written as soon as it is done. A line that is"
                    + " no request, or whose custom_id an earlier line has, gets a result with an error and custom_id"
                    + " null; one that cannot be run gets status 400, one for another model 404. Blank lines are"
                    + " skipped, unknown fields ignored.",
            "A Parquet output has the columns custom_id, text, finish_reason, prompt_tokens, completion_tokens, error"
                    + " and response (as JSON); it is made of the lines when the last one is there.",
            "While it runs, results are in OUTPUT.part and the journal is in OUTPUT.job; run the same command to go on"
                    + " after a crash, a full disk or Ctrl-C. A changed input, model or option is refused. Ctrl-C"
                    + " finishes what is under way, a second one stops now.",
        },
        exitCodeList = {
            "0:done, every line was answered",
            "1:stopped by a failure; the same command goes on",
            "2:wrong usage",
            "3:done, some lines have errors",
            "130:stopped by Ctrl-C, 143 by SIGTERM; the same command goes on"
        })
final class BatchCommand implements Callable<Integer> {
    @Mixin
    private BatchJobOptions job;

    @Mixin
    private BatchLineOptions lines;

    @Mixin
    private BatchParquetOptions parquet;

    @Option(names = "--chat-template", paramLabel = "FILE",
            description = "A Jinja template instead of the checkpoint's; or lfm2 or lfm2.5, which are built in.")
    private String chatTemplate;

    @Option(names = "--progress", paramLabel = "FORM", defaultValue = "AUTO",
            description = "bar, json (JSON lines on standard error) or none. Default: auto, a bar on a terminal.")
    private BatchProgress.Form progress;

    @Option(names = "--workers", paramLabel = "HOST:PORT,...",
            description = "Runs on these servers (penstock serve, gRPC port) instead of a model in this process."
                    + " --model names the same model, of which the tokenizer and the template are needed here.")
    private String workers;

    @Option(names = "--workers-timeout", paramLabel = "SECONDS", defaultValue = "300",
            description = "How long lines wait while no worker is up before the job stops. Default: 300.")
    private int workersTimeout;

    @Option(names = "--stall-timeout", paramLabel = "SECONDS", defaultValue = "" + LocalEngine.DEFAULT_STALL_TIMEOUT_S,
            description = "The job stops, to be gone on with, when the model in this process has ended no step for so"
                    + " long: a GPU that hangs tells nobody. Default: ${DEFAULT-VALUE}.")
    private int stallTimeout;

    @Option(names = "--allow-failed-lines",
            description = "Exit code 0 instead of 3 when some lines have errors, for schedulers that would stop the"
                    + " other shards.")
    private boolean allowFailedLines;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private ModelOptions model;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BatchingOptions batching;

    @Override
    public Integer call() throws IOException {
        int code = run();
        return allowFailedLines && code == BatchRun.SOME_FAILED ? ExitCode.OK : code;
    }

    private int run() throws IOException {
        if (stallTimeout < 1) {
            throw job.wrong("--stall-timeout must be at least 1, not " + stallTimeout);
        }
        job.validate();
        engine.validate();
        batching.validate();
        ModelSource source = model.resolve();
        LineOptions options = lines.resolve(source.name(), sampling);
        BatchInput input = job.input(parquet, lines);
        var encoder = new RequestEncoder(source, chatTemplate);
        encoder.requireTemplate();
        ServingConfig config = batching.forMany(engine, source.config(), engine.modelLen(source.config(), 0));
        EngineOpener opener = workers == null
                ? () -> new LocalEngine(EngineOptions.loading(
                        source, layerLoaded -> Penstock.open(encoder, config, layerLoaded, () -> 0)),
                        TimeUnit.SECONDS.toNanos(stallTimeout))
                : remote(encoder);
        LineFormat format = LineFormat.of(encoder, options);
        var run = new BatchRun(System.err, progress);
        if (job.isToStandardOutput()) {
            JobSpec.Choices choices = job.choices();
            return run.run(input, format, opener, new PipelineOptions(choices.order(), choices.maxAttempts(),
                    new KeySet(), BatchSource.Place.START, choices.shard()));
        }
        JobFiles files = job.files();
        var spec = new JobSpec(input, files, parquet.sink(files.output()), settings(source, options, config),
                job.choices(), Installation.version());
        return runJob(run, spec, format, opener);
    }

    private EngineOpener remote(RequestEncoder encoder) {
        List<WorkerAddress> addresses = WorkerAddress.parse(workers);
        int modelLen = engine.modelLen(encoder.source().config(), 0);
        var check = new WorkerCheck(encoder.source(), modelLen, engine.dtypeName());
        NetworkLogs.toOurs();
        return () -> RemoteEngine.connect(addresses, encoder, check, TimeUnit.SECONDS.toNanos(workersTimeout));
    }

    private int runJob(BatchRun run, JobSpec spec, LineFormat format, EngineOpener opener) {
        try (BatchJob opened = open(spec)) {
            if (opened.isDone()) {
                System.err.println("penstock: " + spec.files().output() + " is there, from an earlier run: "
                        + opened.summary().path("done") + " lines, " + opened.summary().path("failed") + " failed");
                return BatchRun.code(opened.summary().path("failed").asLong());
            }
            return run.run(opened, format, opener, job.shard().count());
        } catch (BatchException e) {
            throw new InputException(e.getMessage(), e);
        }
    }

    private static BatchJob open(JobSpec spec) throws BatchException {
        long size = size(spec.input());
        var bar = new ProgressBar(System.err, Terminals.isError(), "reading " + spec.input().name(),
                ProgressBar.QUIET_NS, System::nanoTime);
        try {
            return BatchJob.open(spec, new FileDisk(), read -> bar.bytes(read, size, read));
        } finally {
            bar.clear();
        }
    }

    private static long size(BatchInput input) {
        try {
            return input.stamp().bytes();
        } catch (IOException e) {
            return 0;
        }
    }

    /** What computes in which numbers: others give other results. */
    static String arithmetic(ServingConfig config) {
        return switch (config.backend()) {
            case Backend.Cpu cpu -> "cpu " + cpu.arithmetic();
            case Backend.Accelerator _ -> "device " + config.arithmetic();
        };
    }

    /** All that results depend on but the input. */
    private ObjectNode settings(ModelSource source, LineOptions options, ServingConfig config) {
        ObjectNode settings = JsonNodeFactory.instance.objectNode();
        settings.put("model", ModelFingerprint.of(source, chatTemplate));
        settings.put("arithmetic", workers != null ? "workers" : arithmetic(config));
        settings.put("max_model_len", engine.modelLen(source.config(), 0));
        BatchLineOptions.describe(options, settings);
        parquet.describe(settings);
        BatchShard shard = job.shard();
        settings.put("shard", shard.index() + "/" + shard.count());
        settings.put("max_line_bytes", job.maxLineBytes());
        settings.put("error_file", job.hasErrorFile());
        return settings;
    }
}
