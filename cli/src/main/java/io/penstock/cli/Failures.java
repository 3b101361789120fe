package io.penstock.cli;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * What a person sees of a failure: one line on standard error and an exit code, 1 for a failure and 2 for wrong usage.
 * Stack traces are for {@code PENSTOCK_DEBUG=1}.
 */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private final PrintStream err;
    private final boolean debug;

    Failures(PrintStream err, boolean debug) {
        this.err = err;
        this.debug = debug;
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        trace(e);
        if (e instanceof MissingCommandException) {
            e.getCommandLine().usage(err);
            return ExitCode.USAGE;
        }
        say(wrongUsage(e) + didYouMean(e) + "; try " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parsed) {
        return report(e);
    }

    /** Says what went wrong, in one line, and returns the exit code. */
    int report(Throwable failure) {
        trace(failure);
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case OutputClosedException _ -> {
                    return ExitCode.OK;
                }
                case InputException e -> {
                    return failed(e.getMessage());
                }
                case NoSuchFileException e -> {
                    return failed("no such file: " + e.getFile());
                }
                case AccessDeniedException e -> {
                    return failed("no permission for " + e.getFile());
                }
                case FileSystemException e -> {
                    return failed(e.getMessage());
                }
                case NoClassDefFoundError e when Installation.isBundle() -> {
                    return failed("the bundle for checking a GPU leaves out what this needs (" + e.getMessage()
                            + "): run it from the source tree or the container image");
                }
                case OutOfMemoryError e -> {
                    return failed("out of memory (" + e.getMessage() + "); give it more with"
                            + " PENSTOCK_JAVA_OPTS=-Xmx16g, or ask for less");
                }
                default -> {}
            }
        }
        return failed(failure instanceof IOException ? failure.toString() : unexpected(failure));
    }

    private int failed(String message) {
        say(firstLine(message));
        return ExitCode.SOFTWARE;
    }

    private static String unexpected(Throwable failure) {
        return "unexpected " + firstLine(failure.toString()) + "; that is a defect: run again with PENSTOCK_DEBUG=1"
                + " and report what it prints, with " + Penstock.version();
    }

    private static String wrongUsage(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption()
                && !e.getCommandLine().getSubcommands().isEmpty()) {
            return "there is no command '" + unmatched.getUnmatched().getFirst() + "'";
        }
        return firstLine(e.getMessage());
    }

    private static String didYouMean(ParameterException e) {
        if (!(e instanceof UnmatchedArgumentException unmatched)) {
            return "";
        }
        List<String> suggestions = unmatched.getSuggestions();
        return suggestions.isEmpty() ? "" : " (did you mean " + String.join(" or ", suggestions) + "?)";
    }

    private static String firstLine(String message) {
        return message == null ? "(no message)" : message.lines().findFirst().orElse("(no message)");
    }

    private void say(String message) {
        err.println("penstock: " + message);
        err.flush();
    }

    private void trace(Throwable failure) {
        if (debug) {
            failure.printStackTrace(err);
        }
    }
}
