package io.penstock.batch.parquet;

import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchSource;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** A Parquet file, or a directory of them, as the input of a job. */
public final class ParquetInput implements BatchInput {
    private static final String SUFFIX = ".parquet";
    private static final int BUFFER_BYTES = 1 << 20;

    private final Path path;
    private final ParquetColumns columns;

    /**
     * Looks for the columns.
     *
     * @throws InputException if they are no Parquet files, cut off, or have no such columns of such types
     */
    public ParquetInput(Path path, ParquetColumns columns) {
        this.path = path;
        this.columns = columns;
        ParquetSource.open(files(path), columns).close();
    }

    /** Whether a name means Parquet. */
    public static boolean isParquet(Path path) {
        return path.toString().endsWith(SUFFIX) || Files.isDirectory(path);
    }

    /** The files of a directory in the order of their names, as Spark writes them. */
    static List<Path> files(Path path) {
        if (!Files.exists(path)) {
            throw new InputException(path + " does not exist");
        }
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        List<Path> files;
        try (Stream<Path> all = Files.list(path)) {
            files = all.filter(file -> isPart(file.getFileName().toString())).sorted().toList();
        } catch (IOException e) {
            throw new InputException(path + " cannot be listed: " + e.getMessage(), e);
        }
        if (files.isEmpty()) {
            throw new InputException(path + " holds no file that ends in " + SUFFIX);
        }
        return files;
    }

    /** What begins with a dot or an underscore is not data, by the custom of those who write such directories. */
    private static boolean isPart(String name) {
        return name.endsWith(SUFFIX) && !name.startsWith(".") && !name.startsWith("_");
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public boolean isRepeatable() {
        return true;
    }

    @Override
    public BatchSource open() {
        return ParquetSource.open(files(path), columns);
    }

    @Override
    public Stamp stamp() throws IOException {
        long bytes = 0;
        long modifiedMs = 0;
        for (Path file : files(path)) {
            bytes += Files.size(file);
            modifiedMs = Math.max(modifiedMs, Files.getLastModifiedTime(file).toMillis());
        }
        return new Stamp(bytes, modifiedMs);
    }

    @Override
    public Contents contents(LongConsumer read) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
        byte[] buffer = new byte[BUFFER_BYTES];
        long numRead = 0;
        for (Path file : files(path)) {
            try (InputStream in = Files.newInputStream(file)) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    digest.update(buffer, 0, n);
                    numRead += n;
                    read.accept(numRead);
                }
            }
        }
        try (ParquetSource source = ParquetSource.open(files(path), columns)) {
            return new Contents(HexFormat.of().formatHex(digest.digest()), source.numRows());
        }
    }
}
