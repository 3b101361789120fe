package io.penstock.bench.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;

/**
 * The results of one suite: {@code <directory>/<suite>.jsonl}, only ever appended to. Several processes may append at
 * the same time. A line that a crash cut off stays where it is; what is appended next starts on a line of its own.
 */
public final class ResultLog {
    private static final Object APPENDING = new Object();

    private final String suite;
    private final Path file;

    private ResultLog(String suite, Path file) {
        this.suite = suite;
        this.file = file;
    }

    /** {@code directory} is {@code bench/results} of the repository; it need not exist yet. */
    public static ResultLog of(Path directory, String suite) {
        return at(directory.resolve(suite + ".jsonl"), suite);
    }

    /** In a file of any name; its directory need not exist yet. */
    public static ResultLog at(Path file, String suite) {
        BenchResult.requireSuite(suite);
        return new ResultLog(suite, file);
    }

    public Path file() {
        return file;
    }

    /** Appends one line and forces it to disk. */
    public void append(BenchResult result) {
        if (!result.suite().equals(suite)) {
            throw new IllegalArgumentException(
                    "case " + result.caseName() + " is of suite " + result.suite() + ", " + file + " holds " + suite);
        }
        byte[] line = (BenchResultJson.write(result) + "\n").getBytes(StandardCharsets.UTF_8);
        // A file lock belongs to the process: threads of one JVM have to keep each other out.
        synchronized (APPENDING) {
            try {
                Files.createDirectories(file.toAbsolutePath().getParent());
                append(line);
            } catch (IOException e) {
                throw new InputException("cannot write results to " + file + ": " + e.getMessage()
                        + "; check the directory and its permissions", e);
            }
        }
    }

    private void append(byte[] line) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE); FileLock lock = channel.lock()) {
            assert lock.isValid();
            long endBytes = channel.size();
            boolean torn = endBytes > 0 && lastByte(channel, endBytes) != '\n';
            ByteBuffer bytes = ByteBuffer.allocate(line.length + 1);
            if (torn) {
                bytes.put((byte) '\n');
            }
            bytes.put(line).flip();
            while (bytes.hasRemaining()) {
                endBytes += channel.write(bytes, endBytes);
            }
            channel.force(true);
        }
    }

    private static byte lastByte(FileChannel channel, long endBytes) throws IOException {
        ByteBuffer last = ByteBuffer.allocate(1);
        channel.read(last, endBytes - 1);
        return last.get(0);
    }

    /**
     * All results in the order they were appended; none where the file does not exist. Lines that are not JSON are
     * counted as torn and left out; a line that is JSON but no result of this suite is an {@link InputException}.
     */
    public Contents read() {
        List<BenchResult> results = new ArrayList<>();
        List<Integer> tornLines = new ArrayList<>();
        forEachLine((line, number) -> {
            try {
                results.add(validate(BenchResultJson.parse(line), number));
            } catch (JsonProcessingException e) {
                tornLines.add(number);
            }
        });
        return new Contents(results, tornLines);
    }

    /**
     * The results that can be read, in the order they were appended.
     *
     * @param onProblem told of each line that is no result of this suite, with its file and number, in one line
     */
    public List<BenchResult> readWhatIsRight(Consumer<String> onProblem) {
        List<BenchResult> results = new ArrayList<>();
        forEachLine((line, number) -> {
            try {
                results.add(validate(BenchResultJson.parse(line), number));
            } catch (JsonProcessingException e) {
                onProblem.accept(file + " line " + number + ": not JSON; it was cut off or edited, remove it");
            } catch (InputException e) {
                onProblem.accept(e.getMessage());
            }
        });
        return results;
    }

    private void forEachLine(ObjIntConsumer<String> action) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int lineNumber = 0;
        for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n", -1)) {
            lineNumber++;
            if (!line.isBlank()) {
                action.accept(line, lineNumber);
            }
        }
    }

    private BenchResult validate(JsonNode node, int lineNumber) {
        try {
            BenchResult result = BenchResultJson.read(node);
            if (!result.suite().equals(suite)) {
                throw new IllegalArgumentException("suite is '" + result.suite() + "', the file's is '" + suite + "'");
            }
            return result;
        } catch (IllegalArgumentException e) {
            throw new InputException(file + " line " + lineNumber + ": " + e.getMessage()
                    + "; correct the line or remove it", e);
        }
    }

    /**
     * What a results file holds.
     *
     * @param tornLines numbers, from 1, of the lines that are not JSON
     */
    public record Contents(List<BenchResult> results, List<Integer> tornLines) {
        public Contents {
            results = List.copyOf(results);
            tornLines = List.copyOf(tornLines);
        }
    }
}
