package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class PenstockTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Command(name = "penstock", subcommands = Work.class)
    static final class Root {}

    /** A command that does what the test tells it. */
    @Command(name = "work")
    static final class Work implements Callable<Integer> {
        static Callable<Integer> job = () -> 0;

        @Option(names = "--temperature")
        private double temperature;

        @Override
        public Integer call() throws Exception {
            return job.call();
        }
    }

    private int work(boolean debug, Callable<Integer> job) {
        Work.job = job;
        return Penstock.run(new CommandLine(new Root()), print(out), print(err), debug, "work");
    }

    private int run(String... args) {
        return Penstock.run(print(out), print(err), false, args);
    }

    private static PrintStream print(OutputStream stream) {
        return new PrintStream(stream, false, StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private void assertOneLine(String expected) {
        assertEquals("penstock: " + expected + System.lineSeparator(), err());
        assertEquals("", out());
    }

    @Test
    void versionNamesProductAndJava() {
        assertEquals(0, run("--version"));
        assertTrue(out().matches("penstock \\d+\\.\\d+\\.\\d+ \\(Java 2\\d.*\\)\\s+"), this::out);
    }

    @Test
    void helpListsCommandsAndExitCodes() {
        assertEquals(0, run("--help"));
        assertTrue(out().contains("Commands:") && out().contains("Exit codes:"), this::out);
        assertEquals("", err());
    }

    @Test
    void noCommandShowsHelpAsWrongUsage() {
        assertEquals(2, run());
        assertTrue(err().startsWith("Usage: penstock"), this::err);
        assertEquals("", out());
    }

    @Test
    void unknownCommandIsOneLineWithSuggestion() {
        assertEquals(2, run("halp"));
        assertOneLine("there is no command 'halp' (did you mean help?); try penstock --help");
    }

    @Test
    void unknownOptionIsOneLineWithSuggestion() {
        int exitCode = Penstock.run(
                new CommandLine(new Root()), print(out), print(err), false, "work", "--temprature", "1");
        assertEquals(2, exitCode);
        assertTrue(err().startsWith("penstock: Unknown option"), this::err);
        assertTrue(err().contains("did you mean --temperature?"), this::err);
        assertTrue(err().stripTrailing().endsWith("; try penstock work --help"), this::err);
        assertEquals(1, err().lines().count());
    }

    @Test
    void badOptionValueIsWrongUsage() {
        int exitCode = Penstock.run(
                new CommandLine(new Root()), print(out), print(err), false, "work", "--temperature", "hot");
        assertEquals(2, exitCode);
        assertEquals(1, err().lines().count());
        assertTrue(err().contains("'hot'"), this::err);
    }

    @Test
    void exitCodeOfCommandIsKept() {
        assertEquals(1, work(false, () -> 1));
        assertEquals("", err());
    }

    @Test
    void userMistakeIsItsMessage() {
        assertEquals(1, work(false, () -> {
            throw new InputException("model.safetensors: ends early");
        }));
        assertOneLine("model.safetensors: ends early");
    }

    @Test
    void userMistakeIsFoundInsideOtherExceptions() {
        assertEquals(1, work(false, () -> {
            throw new CompletionException(new InputException("no such model"));
        }));
        assertOneLine("no such model");
    }

    @Test
    void missingFileIsNamed() {
        assertEquals(1, work(false, () -> {
            throw new UncheckedIOException(new NoSuchFileException("prompts.jsonl"));
        }));
        assertOneLine("no such file: prompts.jsonl");
    }

    @Test
    void unexpectedExceptionIsOneLineThatSaysWhatToReport() {
        assertEquals(1, work(false, () -> {
            throw new IllegalStateException("row 3 of 2\nand more");
        }));
        assertOneLine("unexpected java.lang.IllegalStateException: row 3 of 2; that is a defect: run again with"
                + " PENSTOCK_DEBUG=1 and report what it prints, with " + Penstock.version());
    }

    @Test
    void errorsAreReportedLikeExceptions() {
        assertEquals(1, work(false, () -> {
            throw new AssertionError("slot 7");
        }));
        assertTrue(err().startsWith("penstock: unexpected java.lang.AssertionError: slot 7; "), this::err);
        assertEquals(1, err().lines().count());
    }

    @Test
    void outOfMemorySaysHowToGiveMore() {
        assertEquals(1, work(false, () -> {
            throw new OutOfMemoryError("Java heap space");
        }));
        assertOneLine("out of memory (Java heap space); give it more with PENSTOCK_JAVA_OPTS=-Xmx16g, or ask for less");
    }

    @Test
    void bundleSaysWhatItLeavesOut() {
        String bundle = System.getProperty("penstock.bundle");
        System.setProperty("penstock.bundle", "true");
        try {
            assertEquals(1, work(false, () -> {
                throw new NoClassDefFoundError("io/netty/channel/Channel");
            }));
        } finally {
            if (bundle == null) {
                System.clearProperty("penstock.bundle");
            }
        }
        assertOneLine("the bundle for checking a GPU leaves out what this needs (io/netty/channel/Channel): run it from"
                + " the source tree or the container image");
    }

    @Test
    void debugShowsTraces() {
        assertEquals(1, work(true, () -> {
            throw new InputException("no such model");
        }));
        assertTrue(err().contains("\tat io.penstock.cli.PenstockTest"), this::err);
        assertTrue(err().endsWith("penstock: no such model" + System.lineSeparator()), this::err);
    }

    @Test
    void readerThatWentAwayEndsTheCommandQuietly() {
        PrintStream closed = print(new StandardOutput(new FailingOutput(), false));
        Work.job = () -> {
            for (int line = 0; line < 100_000; line++) {
                closed.println("token");
            }
            throw new IllegalStateException("went on for nobody");
        };
        assertEquals(0, Penstock.run(new CommandLine(new Root()), closed, print(err), false, "work"));
        assertEquals("", err());
    }

    @Test
    void helpForReaderThatWentAwayEndsQuietly() {
        PrintStream closed = print(new StandardOutput(new FailingOutput(), false));
        assertEquals(0, Penstock.run(closed, print(err), false, "batch", "--help"));
        assertEquals("", err());
    }

    @Test
    void helpOntoFullDiskIsFailure() {
        PrintStream full = print(new StandardOutput(new FailingOutput(), true));
        assertEquals(1, Penstock.run(full, print(err), false, "batch", "--help"));
        assertEquals("penstock: cannot write standard output: it is full" + System.lineSeparator(), err());
    }

    @Test
    void fullDiskIsFailure() {
        PrintStream full = print(new StandardOutput(new FailingOutput(), true));
        Work.job = () -> {
            full.print("the last words");
            return 0;
        };
        assertEquals(1, Penstock.run(new CommandLine(new Root()), full, print(err), false, "work"));
        assertEquals("penstock: cannot write standard output: it is full" + System.lineSeparator(), err());
    }

    private static final class FailingOutput extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            throw new IOException("it is full");
        }
    }
}
