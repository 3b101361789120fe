package io.penstock.bench.startup;

import io.penstock.bench.Benchmark;
import io.penstock.bench.Measurement;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** A command run as a new process; work is one start, time is until the first byte on its standard output. */
public final class FirstOutput implements Benchmark {
    private static final int WARM_UPS = 2;

    private final String name;
    private final List<String> command;

    public FirstOutput(String name, List<String> command) {
        this.name = name;
        this.command = List.copyOf(command);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String workUnit() {
        return "start";
    }

    /** Brings the files of the program into memory. */
    @Override
    public void warmUp() {
        for (int i = 0; i < WARM_UPS; i++) {
            run();
        }
    }

    /**
     * Starts the process and waits for its end.
     *
     * @throws IllegalStateException if it prints nothing or fails
     */
    @Override
    public Measurement run() {
        long startNs = System.nanoTime();
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            process.getOutputStream().close();
            try (InputStream out = process.getInputStream()) {
                int first = out.read();
                long elapsedNs = System.nanoTime() - startNs;
                out.transferTo(OutputStream.nullOutputStream());
                int exitCode = process.waitFor();
                if (first < 0 || exitCode != 0) {
                    throw new IllegalStateException(String.join(" ", command) + " printed "
                            + (first < 0 ? "nothing" : "something") + " and ended with exit code " + exitCode);
                }
                return new Measurement(elapsedNs, 1);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + command.getFirst(), e);
        }
    }
}
