package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A blob while it grows on disk. Its length is what has arrived, so it survives the process. Disk failures are
 * {@link InputException}s, so that a caller's IOExceptions are the network's.
 */
final class PartFile implements AutoCloseable {
    private static final int READ_BYTES = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private long numBytes;

    /** Opens what an earlier attempt left, or an empty file; anything beyond {@code sizeBytes} is dropped. */
    PartFile(Path path, long sizeBytes) {
        this.path = path;
        try {
            channel = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            numBytes = channel.size();
        } catch (IOException e) {
            throw HubNames.cannot("write", path, e);
        }
        if (numBytes > sizeBytes) {
            restart();
        }
    }

    long numBytes() {
        return numBytes;
    }

    void append(ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                numBytes += channel.write(bytes, numBytes);
            }
        } catch (IOException e) {
            throw HubNames.cannot("write", path, e);
        }
    }

    /** Drops all bytes. */
    void restart() {
        try {
            channel.truncate(0);
            numBytes = 0;
        } catch (IOException e) {
            throw HubNames.cannot("write", path, e);
        }
    }

    /** The hash of the bytes on disk, in hex, of the kind that {@code like} is. */
    String hash(String like) {
        MessageDigest digest = like.length() == RemoteFile.SHA1_CHARS ? digest("SHA-1") : digest("SHA-256");
        if (like.length() == RemoteFile.SHA1_CHARS) {
            digest.update(("blob " + numBytes + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        ByteBuffer buffer = ByteBuffer.allocate(Math.clamp(numBytes, 1, READ_BYTES));
        try {
            for (long at = 0; at < numBytes; ) {
                buffer.clear();
                int read = channel.read(buffer, at);
                if (read <= 0) {
                    throw new IOException("the file got shorter while it was read");
                }
                at += read;
                digest.update(buffer.flip());
            }
        } catch (IOException e) {
            throw HubNames.cannot("read", path, e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Returns when the bytes would survive a power failure. */
    void sync() {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw HubNames.cannot("write", path, e);
        }
    }

    /** Removes the file; this object is closed. */
    void delete() {
        close();
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw HubNames.cannot("delete", path, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw HubNames.cannot("write", path, e);
        }
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }
}
