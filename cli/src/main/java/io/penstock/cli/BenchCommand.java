package io.penstock.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code penstock bench}: the measurements. */
@Command(
        name = "bench",
        description = "Measures what this program makes of a machine, as ratios to what the machine can do, and"
                + " predicts what it would make of another one.",
        subcommands = {
            BenchThroughputCommand.class,
            BenchLatencyCommand.class,
            BenchServeCommand.class,
            BenchSweepCommand.class,
            BenchCompareCommand.class,
            BenchLoadGeneratorCommand.class,
            BenchCannedServerCommand.class,
            BenchStreamsCommand.class,
            BenchCpuCommand.class,
            BenchEngineCommand.class,
            BenchStepCommand.class,
            BenchPredictCommand.class,
            BenchLoadCommand.class,
            BenchEmulatorCommand.class,
            BenchMasksCommand.class,
            BenchStartupCommand.class,
            BenchSimulateCommand.class,
            BenchTimelineCommand.class,
            BenchReportCommand.class,
            BenchAccuracyCommand.class,
            BenchJmhCommand.class,
            BenchBatchCommand.class,
        })
final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new MissingCommandException(spec.commandLine());
    }
}
