package io.penstock.batch.parquet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.batch.BatchSink;
import io.penstock.batch.line.ResultColumns;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Makes a Parquet file of a job's result lines, with the columns {@code custom_id}, {@code text},
 * {@code finish_reason}, {@code prompt_tokens}, {@code completion_tokens}, {@code error} and {@code response}, which is
 * the whole answer as JSON. A Parquet file has its index at its end and cannot be gone on with after a crash: so it is
 * written when all lines are there, beside the target, and put in its place by a rename.
 */
public final class ParquetSink implements BatchSink {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Map<String, String> METADATA = Map.of("writer", "Penstock");

    private final ParquetCompression compression;
    private final long rowGroupBytes;

    public ParquetSink(ParquetCompression compression) {
        this(compression, RowGroups.ROW_GROUP_BYTES);
    }

    /** @param rowGroupBytes what a row group takes in memory before it is written */
    ParquetSink(ParquetCompression compression, long rowGroupBytes) {
        this.compression = compression;
        this.rowGroupBytes = rowGroupBytes;
    }

    @Override
    public void commit(Path lines, Path target) throws IOException {
        if (!Files.exists(lines) && Files.exists(target)) {
            return;
        }
        Path made = target.resolveSibling("." + target.getFileName() + ".tmp");
        Files.deleteIfExists(made);
        try {
            write(lines, made);
            force(made);
            Files.move(made, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(made);
            throw e;
        }
        force(target.toAbsolutePath().getParent());
        Files.delete(lines);
    }

    private void write(Path lines, Path made) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(lines);
                var file = new RowGroups(made, ResultRow.SCHEMA, compression, rowGroupBytes)) {
            long number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                try {
                    file.write(new ResultRow(ResultColumns.of(MAPPER.readTree(line))));
                } catch (JsonProcessingException e) {
                    throw new IOException(lines + " has no JSON in line " + number + ": " + e.getOriginalMessage(), e);
                }
            }
            file.finish(METADATA);
        }
    }

    /** A file's bytes, or a directory's names, are on the disk when it returns. */
    private static void force(Path path) throws IOException {
        var option = Files.isDirectory(path) ? StandardOpenOption.READ : StandardOpenOption.WRITE;
        try (FileChannel channel = FileChannel.open(path, option)) {
            channel.force(true);
        }
    }
}
