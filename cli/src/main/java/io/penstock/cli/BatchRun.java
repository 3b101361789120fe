package io.penstock.cli;

import io.penstock.batch.BatchException;
import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchSource;
import io.penstock.batch.job.BatchJob;
import io.penstock.batch.job.JobProgress;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.run.EngineOpener;
import io.penstock.batch.run.Pipeline;
import io.penstock.batch.run.PipelineOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.utils.Signals;
import picocli.CommandLine.ExitCode;

/** One run of {@code penstock batch}: signals, what is shown, and the exit code. */
final class BatchRun {
    /** Some lines have an error for a result. */
    static final int SOME_FAILED = 3;

    private static final int SIGNAL_EXIT = 128;
    private static final int SIGINT = 2;
    private static final int SIGTERM = 15;

    private final PrintStream err;
    private final BatchProgress.Form form;
    private final AtomicInteger numSignals = new AtomicInteger();
    private volatile int signal;

    BatchRun(PrintStream err, BatchProgress.Form form) {
        this.err = err;
        this.form = BatchProgress.resolve(form);
    }

    /** What can be stopped. */
    private interface Stoppable {
        void stop();

        void abort();
    }

    /** Runs a job that was opened; the exit code. */
    int run(BatchJob job, LineFormat format, EngineOpener opener, int numShards) {
        try (var progress = new BatchProgress(err, form, job.progress(), numShards, () -> job.load(null))) {
            var stopped = new Stoppable() {
                @Override
                public void stop() {
                    job.stop();
                }

                @Override
                public void abort() {
                    job.abort();
                }
            };
            return watched(stopped, progress, () -> {
                boolean isDone = job.run(format, opener) == BatchJob.End.DONE;
                progress.summarize(isDone ? "done" : "stopped");
                return isDone ? code(job.progress().numFailed()) : SIGNAL_EXIT + signal;
            });
        }
    }

    /** Runs an input to standard output, without a journal; the exit code. */
    int run(BatchInput input, LineFormat format, EngineOpener opener, PipelineOptions options) throws IOException {
        var counts = new JobProgress();
        try (BatchSource source = input.open(); Pipeline pipeline = Pipeline.start(source, format, opener, options);
                var progress = new BatchProgress(err, form, counts, 1, pipeline::load)) {
            var stopped = new Stoppable() {
                @Override
                public void stop() {
                    pipeline.stop();
                }

                @Override
                public void abort() {
                    Runtime.getRuntime().halt(SIGNAL_EXIT + signal);
                }
            };
            return watched(stopped, progress, () -> {
                while (pipeline.hasNext()) {
                    BatchResult result = pipeline.next();
                    System.out.write(result.json(), 0, result.json().length);
                    System.out.write('\n');
                    System.out.flush();
                    counts.add(result);
                }
                progress.summarize(pipeline.isComplete() ? "done" : "stopped");
                return pipeline.isComplete() ? code(counts.numFailed()) : SIGNAL_EXIT + signal;
            });
        }
    }

    static int code(long numFailed) {
        return numFailed > 0 ? SOME_FAILED : ExitCode.OK;
    }

    private interface Body {
        int run();
    }

    private int watched(Stoppable job, BatchProgress progress, Body body) {
        Object term = Signals.register("TERM", () -> signal(SIGTERM, job, progress));
        Object interrupt = Signals.register("INT", () -> signal(SIGINT, job, progress));
        try {
            return body.run();
        } catch (BatchException e) {
            progress.say(e.getMessage());
            progress.summarize("failed");
            return ExitCode.SOFTWARE;
        } finally {
            Signals.unregister("TERM", term);
            Signals.unregister("INT", interrupt);
        }
    }

    /** The first one lets what is under way be finished; the second does not; the third does not even write. */
    private void signal(int number, Stoppable job, BatchProgress progress) {
        signal = number;
        switch (numSignals.incrementAndGet()) {
            case 1 -> {
                progress.say("finishing the lines that are under way; again to stop now");
                job.stop();
            }
            case 2 -> job.abort();
            default -> Runtime.getRuntime().halt(SIGNAL_EXIT + number);
        }
    }
}
