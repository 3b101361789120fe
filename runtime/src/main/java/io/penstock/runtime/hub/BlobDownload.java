package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings one file's bytes into its part file: goes on where an earlier attempt ended, believes no header without
 * checking, and returns only when size and hash are the announced ones.
 */
final class BlobDownload {
    /** An attempt that brings this much starts the count of failures anew. */
    private static final long PROGRESS_BYTES = 1 << 20;
    private static final long REPORT_BYTES = 1 << 18;
    private static final int MAX_CORRUPT = 2;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");

    private final HubRequests requests;
    private final RemoteFile file;
    private final Retry retry;
    private final PullProgress progress;
    private final Duration silence;
    private final Map<String, String> entityTags = new HashMap<>();
    private boolean ranges = true;

    BlobDownload(HubRequests requests, RemoteFile file, Retry retry, PullProgress progress, Duration silence) {
        this.requests = requests;
        this.file = file;
        this.retry = retry;
        this.progress = progress;
        this.silence = silence;
        file.entityTag().ifPresent(tag -> entityTags.put(origin(file.uri()), tag));
    }

    /** Returns when {@code part} is the whole file, verified and synced. */
    void run(Path path) throws InterruptedException {
        for (int corrupt = 0; ; ) {
            String hash;
            try (PartFile part = new PartFile(path, file.sizeBytes())) {
                progress.fileStarted(file.name(), file.sizeBytes(), part.numBytes());
                corrupt += part.numBytes() == 0 ? 1 : 0;
                fill(part);
                progress.fileDone(file.name());
                part.sync();
                hash = part.hash(file.hash());
                if (hash.equals(file.hash())) {
                    return;
                }
                part.delete();
            }
            if (corrupt == MAX_CORRUPT) {
                throw new InputException(file.name() + " from " + file.uri().getHost()
                        + " is corrupt, again after a second download: its hash is " + hash + ", not " + file.hash());
            }
            ranges = true;
            progress.retrying(file.name(), "the bytes do not have the announced hash", Duration.ZERO);
        }
    }

    private void fill(PartFile part) throws InterruptedException {
        int failures = 0;
        while (part.numBytes() < file.sizeBytes()) {
            long before = part.numBytes();
            try {
                attempt(part);
            } catch (IOException e) {
                failures = part.numBytes() - before >= PROGRESS_BYTES ? 1 : failures + 1;
                retry.pause(file.name(), progress, failures, e);
            }
        }
    }

    private void attempt(PartFile part) throws IOException, InterruptedException {
        if (!ranges) {
            restart(part);
        }
        long from = part.numBytes();
        try (HubRequests.Answer answer =
                requests.send("GET", file.uri(), uri -> rangeHeaders(uri, from), silence, _ -> false)) {
            requireIdentity(answer);
            switch (answer.status()) {
                case 200 -> {
                    if (from > 0) {
                        restart(part);
                    }
                    requireLength(answer, file.sizeBytes());
                }
                case 206 -> requireRange(answer, from);
                case 416 -> {
                    ranges = false;
                    throw new IOException(answer.uri().getHost() + " has no bytes from " + from + " on");
                }
                default -> throw new IOException(answer.uri().getHost() + " answers " + answer.status());
            }
            String tag = answer.header("ETag");
            if (tag != null && tag.startsWith("\"")) {
                entityTags.put(origin(answer.uri()), tag);
            }
            receive(answer.body(), part);
        }
    }

    private Map<String, String> rangeHeaders(URI uri, long from) {
        if (from == 0) {
            return Map.of();
        }
        String range = "bytes=" + from + "-";
        String tag = entityTags.get(origin(uri));
        return tag == null ? Map.of("Range", range) : Map.of("Range", range, "If-Range", tag);
    }

    private void receive(HttpBody body, PartFile part) throws IOException, InterruptedException {
        long reported = part.numBytes();
        for (ByteBuffer bytes = body.next(silence); bytes != null; bytes = body.next(silence)) {
            if (bytes.remaining() > file.sizeBytes() - part.numBytes()) {
                restart(part);
                throw new IOException("more than the announced " + file.sizeBytes() + " bytes arrive");
            }
            part.append(bytes);
            if (part.numBytes() - reported >= REPORT_BYTES || part.numBytes() == file.sizeBytes()) {
                reported = part.numBytes();
                progress.bytesAdvanced(file.name(), reported);
            }
        }
        if (part.numBytes() < file.sizeBytes()) {
            throw new IOException(
                    "the connection ended after " + part.numBytes() + " of " + file.sizeBytes() + " bytes");
        }
    }

    private void restart(PartFile part) {
        if (part.numBytes() > 0) {
            part.restart();
            progress.bytesAdvanced(file.name(), 0);
        }
    }

    private void requireRange(HubRequests.Answer answer, long from) throws IOException {
        String header = answer.header("Content-Range");
        Matcher range = CONTENT_RANGE.matcher(header == null ? "" : header);
        boolean right = range.matches()
                && Long.parseLong(range.group(1)) == from
                && Long.parseLong(range.group(2)) >= from
                && Long.parseLong(range.group(2)) < file.sizeBytes()
                && (range.group(3).equals("*") || Long.parseLong(range.group(3)) == file.sizeBytes());
        if (!right) {
            ranges = false;
            throw new IOException(answer.uri().getHost() + " sends the range '" + header + "', asked from byte " + from
                    + " of " + file.sizeBytes());
        }
        requireLength(answer, Long.parseLong(range.group(2)) - from + 1);
    }

    private static void requireLength(HubRequests.Answer answer, long expected) throws IOException {
        long length = answer.headers().firstValueAsLong("Content-Length").orElse(expected);
        if (length != expected) {
            throw new IOException(answer.uri().getHost() + " sends " + length + " bytes, " + expected
                    + " were announced");
        }
    }

    private static void requireIdentity(HubRequests.Answer answer) throws IOException {
        String encoding = answer.header("Content-Encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw new IOException(answer.uri().getHost() + " sends the file in the encoding "
                    + HubNames.shown(encoding) + ", which was not asked for");
        }
    }

    private static String origin(URI uri) {
        return uri.getScheme() + "://" + uri.getAuthority();
    }
}
