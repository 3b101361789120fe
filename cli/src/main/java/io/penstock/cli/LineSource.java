package io.penstock.cli;

import io.penstock.runtime.InputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Where the lines of a chat come from. */
sealed interface LineSource extends AutoCloseable {
    /** The next line, or null when there are no more. */
    String read(String prompt);

    @Override
    void close();

    /** Lines of a file or another program: no prompt, no editing. */
    final class Piped implements LineSource {
        private final BufferedReader lines;

        Piped(InputStream in) {
            lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
        }

        @Override
        public String read(String prompt) {
            try {
                return lines.readLine();
            } catch (CharacterCodingException e) {
                throw new InputException("standard input is not UTF-8: save it as UTF-8 text", e);
            } catch (IOException e) {
                throw new InputException("standard input cannot be read: " + e.getMessage(), e);
            }
        }

        @Override
        public void close() {}
    }

    /** A person at a terminal: line editing, and a history that is kept. */
    final class Edited implements LineSource {
        private final Terminal terminal;
        private final LineReader reader;

        /** @param interrupted run on Ctrl-C while no line is read */
        Edited(Runnable interrupted) {
            try {
                terminal = TerminalBuilder.builder()
                        .system(true)
                        .dumb(true)
                        .nativeSignals(true)
                        .signalHandler(signal -> {
                            if (signal == Terminal.Signal.INT) {
                                interrupted.run();
                            }
                        })
                        .build();
            } catch (IOException e) {
                throw new InputException("the terminal cannot be used: " + e.getMessage()
                        + "; give the lines on standard input instead", e);
            }
            reader = LineReaderBuilder.builder()
                    .terminal(terminal)
                    .appName("penstock")
                    .variable(LineReader.HISTORY_FILE, historyFile())
                    .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                    .build();
        }

        private static Path historyFile() {
            String state = System.getenv("XDG_STATE_HOME");
            Path folder = state == null || state.isBlank()
                    ? Path.of(System.getProperty("user.home"), ".local", "state") : Path.of(state);
            return folder.resolve("penstock").resolve("chat-history");
        }

        @Override
        public String read(String prompt) {
            while (true) {
                try {
                    return reader.readLine(prompt);
                } catch (UserInterruptException e) {
                    if (e.getPartialLine().isEmpty()) {
                        System.err.println("(Ctrl-D or /exit ends)");
                    }
                } catch (EndOfFileException e) {
                    return null;
                }
            }
        }

        @Override
        public void close() {
            try {
                terminal.close();
            } catch (IOException e) {
                throw new InputException("the terminal cannot be closed: " + e.getMessage(), e);
            }
        }
    }
}
