package io.penstock.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "debug",
        description = "Looks inside a model, or runs a kernel.",
        subcommands = {LogitsCommand.class, RunPtxCommand.class})
final class DebugCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new MissingCommandException(spec.commandLine());
    }
}
