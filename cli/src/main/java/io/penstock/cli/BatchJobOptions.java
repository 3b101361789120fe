package io.penstock.cli;

import io.penstock.batch.BatchInput;
import io.penstock.batch.job.JobSpec;
import io.penstock.batch.journal.JobFiles;
import io.penstock.batch.journal.JobStore;
import io.penstock.batch.run.PipelineOptions;
import io.penstock.batch.source.LineFile;
import io.penstock.batch.source.LinePipe;
import io.penstock.runtime.InputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a batch job that no result depends on: where from, where to, in which order, how often. */
final class BatchJobOptions {
    private static final String STANDARD = "-";
    private static final int MOST_ATTEMPTS = 100;
    private static final int LEAST_LINE_BYTES = 1 << 10;
    private static final int MOST_LINE_BYTES = 256 << 20;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = {"-i", "--input"}, paramLabel = "FILE", required = true,
            description = "One request a line, in JSON; compressed where the name ends in .gz. Parquet where it ends in"
                    + " .parquet or is a directory of such files. - is standard input.")
    private String input;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", required = true,
            description = "For the results, as lines; as Parquet where the name ends in .parquet. - is standard output,"
                    + " without resume.")
    private String output;

    @Option(names = "--error-file", paramLabel = "FILE",
            description = "For the results of lines that failed. Default: they stand among the others.")
    private Path errorFile;

    @Option(names = "--order", paramLabel = "ORDER", defaultValue = "PREFIX",
            description = "Which lines of the window go first: prefix (those that begin alike together), longest, or"
                    + " input. The results are the same. Default: prefix.")
    private PipelineOptions.Order order;

    @Option(names = "--max-attempts", paramLabel = "N", defaultValue = "3",
            description = "How often the engine may fail at a line before that is its result. Default: 3.")
    private int maxAttempts;

    @Option(names = "--max-line-bytes", paramLabel = "SIZE", converter = BatchingOptions.Size.class,
            defaultValue = "16MiB", description = "Longer lines fail. Default: 16MiB.")
    private long maxLineBytes;

    @Option(names = "--shard", paramLabel = "I/N",
            description = "Runs part I (from 0) of N, by custom_id, and writes it to a file of its own. Default: as"
                    + " JOB_COMPLETION_INDEX and JOB_COMPLETIONS (Kubernetes) or SLURM_ARRAY_TASK_ID and"
                    + " SLURM_ARRAY_TASK_COUNT say, else all; 0/1 is all in any case.")
    private String shard;

    @Option(names = "--force",
            description = "Goes on though input, model or options have changed; what is done stays as it is.")
    private boolean force;

    @Option(names = "--restart", description = "Throws away what an earlier run has done.")
    private boolean restart;

    void validate() {
        if (maxAttempts < 1 || maxAttempts > MOST_ATTEMPTS) {
            throw wrong("--max-attempts must be between 1 and " + MOST_ATTEMPTS + ", not " + maxAttempts);
        }
        if (maxLineBytes < LEAST_LINE_BYTES || maxLineBytes > MOST_LINE_BYTES) {
            throw wrong("--max-line-bytes must be between 1KiB and 256MiB");
        }
        if (force && restart) {
            throw wrong("--force keeps what is done and --restart does not: give one");
        }
        if (isToStandardOutput() && (errorFile != null || force || restart)) {
            throw wrong((errorFile != null ? "--error-file" : force ? "--force" : "--restart")
                    + " needs an --output that is a file");
        }
    }

    ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    boolean isToStandardOutput() {
        return output.equals(STANDARD);
    }

    /** @throws InputException if it cannot be read, or has not the columns that are named */
    BatchInput input(BatchParquetOptions parquet, BatchLineOptions lines) {
        if (input.equals(STANDARD)) {
            return new LinePipe("standard input", System.in, (int) maxLineBytes);
        }
        Path file = path("--input", input);
        BatchInput rows = parquet.input(file, lines);
        return rows == null ? new LineFile(file, (int) maxLineBytes) : rows;
    }

    private static Path path(String option, String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new InputException(option + " is no path: " + e.getMessage(), e);
        }
    }

    /** The files of this shard. */
    JobFiles files() {
        Path results = shard().nameFor(path("--output", output));
        Path errors = errorFile == null ? null : shard().nameFor(errorFile);
        requireWritable(results);
        if (errors != null) {
            requireWritable(errors);
            if (errors.toAbsolutePath().normalize().equals(results.toAbsolutePath().normalize())) {
                throw wrong("--error-file and --output must not be the same file");
            }
        }
        return new JobFiles(results, errors);
    }

    private static void requireWritable(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new InputException(file + " cannot be written: there is no folder " + folder);
        }
        if (Files.isDirectory(file)) {
            throw new InputException(file + " is a directory: give the name of a file");
        }
        if (!Files.isWritable(folder)) {
            throw new InputException(file + " cannot be written: permission denied for " + folder);
        }
    }

    BatchShard shard() {
        return shard != null ? BatchShard.parse(shard) : BatchShard.of(System.getenv());
    }

    JobSpec.Choices choices() {
        JobStore.Policy policy = force ? JobStore.Policy.FORCE
                : restart ? JobStore.Policy.RESTART : JobStore.Policy.RESUME;
        return new JobSpec.Choices(order, maxAttempts, shard().toShard(), policy);
    }

    boolean hasErrorFile() {
        return errorFile != null;
    }

    long maxLineBytes() {
        return maxLineBytes;
    }
}
