package io.penstock.runtime.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * One repository's part of the cache: where things are, and the writes that put them there. Each write appears whole
 * or not at all, also if the process is killed or the machine stops.
 */
final class RepositoryCache {
    private static final String CACHE_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n"
            + "# This file marks a cache directory: backup tools may skip it (https://bford.info/cachedir/).\n";

    private final Path cache;
    private final Path root;
    private final String name;
    private final boolean links;

    RepositoryCache(Path cache, String name, boolean links) {
        this.cache = cache;
        this.root = cache.resolve(name);
        this.name = name;
        this.links = links;
    }

    Path blob(String hash) {
        return root.resolve("blobs").resolve(hash);
    }

    /**
     * Where a blob grows. Not the {@code HASH.incomplete} of other programs: their locks and the JVM's do not see
     * each other, and two writers in one file would spoil it.
     */
    Path part(String hash) {
        return root.resolve("blobs").resolve(hash + ".penstock.incomplete");
    }

    Path lock(String hash) {
        return cache.resolve(".locks").resolve(name).resolve(hash + ".lock");
    }

    Path snapshot(String commit) {
        return root.resolve("snapshots").resolve(commit);
    }

    Path ref(String revision) {
        return root.resolve("refs").resolve(revision);
    }

    /** The listing of a commit that other programs may have stored. */
    Path storedListing(String commit) {
        return root.resolve("trees").resolve(commit + ".json");
    }

    /** Whether {@code file}, or what it links to, is there with this many bytes. */
    static boolean holds(Path file, long sizeBytes) {
        try {
            return Files.isRegularFile(file) && Files.size(file) == sizeBytes;
        } catch (IOException e) {
            return false;
        }
    }

    /** Bytes of disk that {@code file} will still take. */
    long missingBytes(RemoteFile file, String commit) {
        if (holds(snapshot(commit).resolve(file.name()), file.sizeBytes())) {
            return 0;
        }
        long copyBytes = links ? 0 : file.sizeBytes();
        if (holds(blob(file.hash()), file.sizeBytes())) {
            return copyBytes;
        }
        try {
            Path part = part(file.hash());
            long presentBytes = Files.exists(part) ? Math.min(Files.size(part), file.sizeBytes()) : 0;
            return copyBytes + file.sizeBytes() - presentBytes;
        } catch (IOException e) {
            throw HubNames.cannot("read", part(file.hash()), e);
        }
    }

    /** Makes the folders that a download writes to. */
    void create() {
        try {
            Files.createDirectories(root.resolve("blobs"));
            Path tag = cache.resolve("CACHEDIR.TAG");
            if (!Files.exists(tag)) {
                Files.writeString(tag, CACHE_TAG);
            }
        } catch (IOException e) {
            throw HubNames.cannot("write to the hub cache", cache, e);
        }
    }

    /** Gives a finished part file its final name, over whatever is there. */
    void publish(Path part, String hash) {
        Path blob = blob(hash);
        try {
            Files.move(part, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncDirectory(blob.getParent());
        } catch (IOException e) {
            throw HubNames.cannot("write", blob, e);
        }
    }

    /** Makes a blob appear as {@code file} of a snapshot; the caller holds the blob's lock. */
    void show(String hash, String commit, String file) {
        Path pointer = snapshot(commit).resolve(file);
        try {
            Files.createDirectories(pointer.getParent());
            if (!links || !link(blob(hash), pointer)) {
                Path copy = blob(hash).resolveSibling(hash + ".penstock-copy.incomplete");
                Files.copy(blob(hash), copy, StandardCopyOption.REPLACE_EXISTING);
                sync(copy);
                Files.move(copy, pointer, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            syncDirectory(pointer.getParent());
        } catch (IOException e) {
            throw HubNames.cannot("write", pointer, e);
        }
    }

    /** Lets a branch or tag mean {@code commit}. */
    void pointRef(String revision, String commit) {
        Path ref = ref(revision);
        Path next = ref.resolveSibling(ref.getFileName() + "." + UUID.randomUUID().toString().substring(0, 8) + ".tmp");
        try {
            Files.createDirectories(ref.getParent());
            try {
                Files.write(next, commit.getBytes(StandardCharsets.US_ASCII));
                sync(next);
                Files.move(next, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(next);
            }
            syncDirectory(ref.getParent());
        } catch (IOException e) {
            throw HubNames.cannot("write", ref, e);
        }
    }

    private static boolean link(Path blob, Path pointer) throws IOException {
        Path target = pointer.getParent().relativize(blob);
        Files.deleteIfExists(pointer);
        try {
            Files.createSymbolicLink(pointer, target);
            return true;
        } catch (FileAlreadyExistsException e) {
            return Files.isSameFile(pointer, blob);
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    private static void syncDirectory(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows opens no folders; there the rename itself is as durable as it gets.
        }
    }
}
