package io.penstock.cli;

import io.penstock.runtime.InputException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * {@code ./penstock}: the root of all commands, and the program's entry. A command is a class of this package that is
 * listed here; it prints results to {@code System.out} and everything else to {@code System.err}, returns its exit code
 * ({@link Failures}), and throws {@link InputException} for a user's mistake.
 */
@Command(
        name = "penstock",
        description = "Runs LFM2 models.",
        subcommands = {
            GenerateCommand.class,
            ChatCommand.class,
            ServeCommand.class,
            BatchCommand.class,
            PullCommand.class,
            PlanCommand.class,
            DoctorCommand.class,
            GpuCheckCommand.class,
            DebugCommand.class,
            BenchCommand.class,
            HelpCommand.class,
        },
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = Penstock.Version.class,
        usageHelpAutoWidth = true,
        sortOptions = false,
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        parameterListHeading = "%nArguments:%n",
        synopsisHeading = "Usage: ",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed; the reason is one line on standard error", "2:wrong usage"})
public final class Penstock implements Runnable {
    @Spec
    private CommandSpec spec;

    private Penstock() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] args) {
        String level = System.getenv("PENSTOCK_LOG");
        if (level != null) {
            System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", level);
        }
        PrintStream out = StandardOutput.open();
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        System.setOut(out);
        System.setErr(err);
        System.exit(run(out, err, "1".equals(System.getenv("PENSTOCK_DEBUG")), args));
    }

    /**
     * Runs one command.
     *
     * @param debug whether a failure shows its stack trace
     * @return the exit code
     */
    static int run(PrintStream out, PrintStream err, boolean debug, String... args) {
        return run(new CommandLine(new Penstock()), out, err, debug, args);
    }

    static int run(CommandLine commandLine, PrintStream out, PrintStream err, boolean debug, String... args) {
        Failures failures = new Failures(err, debug);
        commandLine
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false)
                .setExecutionStrategy(Penstock::execute)
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures);
        try {
            int exitCode = commandLine.execute(args);
            out.flush();
            return exitCode;
        } catch (RuntimeException | Error e) {
            return failures.report(e);
        }
    }

    /** Printing help can fail as a command can, and ends as one does: picocli alone would print the stack trace. */
    private static int execute(ParseResult parsed) {
        try {
            return new RunLast().execute(parsed);
        } catch (OutputClosedException | InputException e) {
            throw new ExecutionException(parsed.commandSpec().commandLine(), "cannot print help", e);
        }
    }

    /** Without a command: shows what there is. */
    @Override
    public void run() {
        throw new MissingCommandException(spec.commandLine());
    }

    /** {@code penstock 0.1.0 (Java 25.0.3, Linux amd64)}: what a report of a defect has to name. */
    static String version() {
        return "penstock " + Installation.version() + " (Java " + System.getProperty("java.version") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ")";
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {version()};
        }
    }
}
