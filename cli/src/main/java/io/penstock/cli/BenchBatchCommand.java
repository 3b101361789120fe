package io.penstock.cli;

import io.penstock.bench.batch.JobSuite;
import io.penstock.bench.batch.TogetherSuite;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.ResultLog;
import io.penstock.bench.results.RunContext;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "batch",
        description = "Measures batch jobs: with --lines what a job costs apart from its model, and how long a run"
                + " takes to begin that finds nearly all of it done; else what running the lines of a file together"
                + " brings, against one at a time.",
        footer = {
            "%nExamples:",
            "  penstock bench batch",
            "  PENSTOCK_JAVA_OPTS=-Xmx512m penstock bench batch --lines 1000000 --save-result bench/results",
        })
final class BenchBatchCommand implements Callable<Integer> {
    private static final int LEAST_LINES = 10_000;
    private static final int MOST_LINES = 100_000_000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--lines", paramLabel = "N",
            description = "Makes so many lines and runs them with a runner that computes nothing.")
    private Integer numLines;

    @Option(names = "--work-dir", paramLabel = "DIR", defaultValue = "/tmp",
            description = "With --lines: where input and output are for a while, 1 KiB a line. Default: /tmp.")
    private Path workDir;

    @Option(names = "--save-result", paramLabel = "DIR",
            description = "Appends one JSON line to DIR/" + JobSuite.NAME + ".jsonl or " + TogetherSuite.NAME
                    + ".jsonl.")
    private Path results;

    @Override
    public Integer call() {
        if (numLines != null && (numLines < LEAST_LINES || numLines > MOST_LINES)) {
            throw new ParameterException(spec.commandLine(),
                    "--lines must be between " + LEAST_LINES + " and " + MOST_LINES + ", not " + numLines);
        }
        Path demo = Installation.demoModel();
        var encoder = new RequestEncoder(ModelSource.read("penstock-demo", demo, false), null);
        String command = numLines == null ? "./penstock bench batch"
                : "PENSTOCK_JAVA_OPTS=-Xmx" + (Runtime.getRuntime().maxMemory() >> 20)
                        + "m ./penstock bench batch --lines " + numLines;
        RunContext context = RunContext.onCpu(Path.of("").toAbsolutePath(), Instant.now(), command);
        BenchResult result;
        if (numLines == null) {
            Path data = demo.resolveSibling("..").resolve("demo-data").normalize();
            result = ProgressBar.during("rounds", TogetherSuite.ALL_ROUNDS,
                    done -> new TogetherSuite(encoder, context).run(data.resolve("sentiment-batch.jsonl"),
                            data.resolve("sentiment-labels.jsonl"), done));
        } else {
            result = ProgressBar.during("lines", numLines,
                    done -> new JobSuite(encoder, context).run(numLines, workDir, done));
        }
        result.metrics().forEach((name, value) -> System.out.println(
                String.format(Locale.ROOT, "%-24s %12.3f", name, value)));
        if (results != null) {
            ResultLog.of(results, numLines == null ? TogetherSuite.NAME : JobSuite.NAME).append(result);
        }
        return 0;
    }
}
