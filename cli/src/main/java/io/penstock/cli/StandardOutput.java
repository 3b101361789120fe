package io.penstock.cli;

import io.penstock.runtime.InputException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process's standard output in UTF-8, whatever the locale. A {@link PrintStream} forgets failed writes, and a
 * command would go on computing for nobody: here they end the command, by {@link OutputClosedException} where a reader
 * went away and by {@link InputException} where a file cannot take more.
 */
final class StandardOutput extends OutputStream {
    private final OutputStream destination;
    private final boolean toFile;
    private final String name;

    StandardOutput(OutputStream destination, boolean toFile) {
        this.destination = destination;
        this.toFile = toFile;
        name = "standard output";
    }

    /** Another file, with the same care. */
    StandardOutput(OutputStream destination, Path file) {
        this.destination = destination;
        toFile = true;
        name = file.toString();
    }

    static PrintStream open() {
        return new PrintStream(new StandardOutput(new FileOutputStream(FileDescriptor.out), isFile()), false,
                StandardCharsets.UTF_8);
    }

    /** Whether standard output has a name in the file system that is no terminal's: a pipe has none. */
    private static boolean isFile() {
        try {
            Path target = Path.of("/dev/stdout").toRealPath();
            return Files.isRegularFile(target) || !target.startsWith("/dev/pts") && !target.startsWith("/dev/tty");
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        try {
            destination.write(bytes, offset, length);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override
    public void flush() {
        try {
            destination.flush();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override
    public void close() {
        try {
            destination.close();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private RuntimeException failed(IOException e) {
        return toFile
                ? new InputException("cannot write " + name + ": " + e.getMessage(), e)
                : new OutputClosedException(e);
    }
}
