package io.penstock.batch.source;

import io.penstock.batch.BatchInput;
import io.penstock.batch.BatchSource;
import io.penstock.runtime.InputException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;

/** JSON Lines in a file; compressed where its name ends in {@code .gz}. */
public final class LineFile implements BatchInput {
    /** The longest line, unless another limit is given. */
    public static final int DEFAULT_MAX_LINE_BYTES = 16 << 20;

    private static final String GZIP = ".gz";
    private static final int BUFFER_BYTES = 1 << 20;

    private final Path file;
    private final int maxLineBytes;

    /** @throws InputException if it is no file that can be read */
    public LineFile(Path file, int maxLineBytes) {
        if (Files.isDirectory(file)) {
            throw new InputException(file + " is a directory: give a file with one request a line");
        }
        if (!Files.exists(file)) {
            throw new InputException(file + " does not exist: give a file with one request a line");
        }
        if (!Files.isReadable(file)) {
            throw new InputException(file + " cannot be read: permission denied");
        }
        this.file = file;
        this.maxLineBytes = maxLineBytes;
    }

    @Override
    public String name() {
        return file.toString();
    }

    /** Named pipes are files that can be read once. */
    @Override
    public boolean isRepeatable() {
        return Files.isRegularFile(file);
    }

    private boolean isCompressed() {
        return file.toString().endsWith(GZIP);
    }

    @Override
    public BatchSource open() throws IOException {
        return new LineSource(isCompressed() ? this::openCompressed : this::openPlain, maxLineBytes);
    }

    private InputStream openPlain(long position) throws IOException {
        FileChannel channel = FileChannel.open(file);
        if (position > 0) {
            channel.position(position);
        }
        return Channels.newInputStream(channel);
    }

    private InputStream openCompressed(long position) throws IOException {
        InputStream in = new GZIPInputStream(Files.newInputStream(file), BUFFER_BYTES);
        try {
            in.skipNBytes(position);
        } catch (EOFException e) {
            in.close();
            throw new IOException(file + " ends before byte " + position, e);
        }
        return in;
    }

    @Override
    public Stamp stamp() throws IOException {
        return new Stamp(Files.size(file), Files.getLastModifiedTime(file).toMillis());
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
        long records = 0;
        long numRead = 0;
        boolean isBlank = true;
        try (InputStream raw = new DigestInputStream(Files.newInputStream(file), digest);
                InputStream in = isCompressed() ? new GZIPInputStream(raw, BUFFER_BYTES) : raw) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                for (int i = 0; i < n; i++) {
                    byte b = buffer[i];
                    if (b == '\n') {
                        records += isBlank ? 0 : 1;
                        isBlank = true;
                    } else if (isBlank) {
                        isBlank = LineSource.isBlank(b);
                    }
                }
                numRead += n;
                read.accept(numRead);
            }
            // A decompressor need not read what lies behind the compressed data.
            raw.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return new Contents(HexFormat.of().formatHex(digest.digest()), records + (isBlank ? 0 : 1));
    }
}
