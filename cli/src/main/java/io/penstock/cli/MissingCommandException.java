package io.penstock.cli;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The program was started with no command: the whole help is the answer, and the exit code that of wrong usage. */
final class MissingCommandException extends ParameterException {
    private static final long serialVersionUID = 1L;

    MissingCommandException(CommandLine commandLine) {
        super(commandLine, "a command is missing");
    }
}
