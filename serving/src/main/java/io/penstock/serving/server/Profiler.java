package io.penstock.serving.server;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Instant;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;

/** JFR recordings at an operator's word, into one folder that the server's owner chose. One at a time. */
public final class Profiler implements AutoCloseable {
    private static final long MAX_BYTES = 256L << 20;

    private final Path folder;
    private Recording recording;

    /** @param folder for recordings; null where none may be made */
    public Profiler(Path folder) {
        this.folder = folder;
    }

    /**
     * Begins a recording.
     *
     * @return its file
     * @throws InputException if it cannot be made
     */
    public synchronized Path start() {
        if (folder == null) {
            throw new InputException("profiles are off: start the server with --profile-dir DIR");
        }
        if (recording != null) {
            throw new InputException("a profile is being taken into " + recording.getDestination() + ": stop it first");
        }
        Recording next = null;
        try {
            Files.createDirectories(folder);
            next = new Recording(Configuration.getConfiguration("profile"));
            Path file = folder.resolve("penstock-" + Instant.now().toString().replace(':', '-') + ".jfr");
            next.setMaxSize(MAX_BYTES);
            next.setDestination(file);
            next.start();
            recording = next;
            return file;
        } catch (IOException | ParseException e) {
            if (next != null) {
                next.close();
            }
            throw new InputException("a profile cannot be written to " + folder + ": " + e.getMessage(), e);
        }
    }

    /**
     * Ends the recording.
     *
     * @return its file
     * @throws InputException if there is none
     */
    public synchronized Path stop() {
        if (recording == null) {
            throw new InputException("no profile is being taken");
        }
        Recording ended = recording;
        recording = null;
        Path file = ended.getDestination();
        ended.stop();
        ended.close();
        return file;
    }

    @Override
    public synchronized void close() {
        if (recording != null) {
            stop();
        }
    }
}
