package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * The hub cache that all programs of this user share, in its standard layout:
 * <pre>
 * models--ORG--NAME/blobs/HASH                      the files' contents
 * models--ORG--NAME/snapshots/COMMIT/FILE           links to ../../blobs/HASH, or copies
 * models--ORG--NAME/refs/REVISION                   the commit a branch or tag meant last
 * .locks/models--ORG--NAME/HASH.lock                held while a blob is written
 * </pre>
 */
public final class HubCache {
    private final Path directory;
    private final boolean links;
    private final ToLongFunction<Path> freeBytes;

    /**
     * @param directory need not exist yet
     * @param links whether snapshots may be made of symbolic links; they are copies where the system refuses
     */
    public HubCache(Path directory, boolean links) {
        this(directory, links, HubCache::usableSpace);
    }

    HubCache(Path directory, boolean links, ToLongFunction<Path> freeBytes) {
        this.directory = directory.toAbsolutePath().normalize();
        this.links = links;
        this.freeBytes = freeBytes;
    }

    /**
     * From HF_HUB_CACHE, else {@code hub} in HF_HOME, else {@code huggingface/hub} in XDG_CACHE_HOME or
     * {@code ~/.cache}; copies instead of links with HF_HUB_DISABLE_SYMLINKS.
     */
    public static HubCache of(Map<String, String> environment) {
        HubEnvironment env = new HubEnvironment(environment);
        Path directory = env.path("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
                .orElseGet(() -> env.hfHome().resolve("hub"));
        return new HubCache(directory, !env.flag("HF_HUB_DISABLE_SYMLINKS"));
    }

    public Path directory() {
        return directory;
    }

    /**
     * The folder of a model's files, without asking any hub: present only where every file that an engine needs is
     * there, whichever program fetched it. A branch or tag means what it meant when it was last fetched.
     *
     * @throws InputException where the cache cannot be read
     */
    public Optional<Path> snapshot(ModelReference model) {
        RepositoryCache repository = repository(model);
        return commit(repository, model).filter(commit -> {
            Path snapshot = repository.snapshot(commit);
            return EngineFiles.complete(snapshot)
                    && EngineFiles.completeByListing(snapshot, repository.storedListing(commit));
        }).map(repository::snapshot);
    }

    RepositoryCache repository(ModelReference model) {
        return new RepositoryCache(directory, "models--" + model.org() + "--" + model.name(), links);
    }

    /** Refuses a download that the file system has no room for. */
    void requireSpace(long bytes, ModelReference model) {
        long free = freeBytes.applyAsLong(directory);
        if (bytes > free) {
            throw new InputException(String.format(Locale.ROOT,
                    "%s needs %.1f MB more in %s, which has %.1f MB free: make room or set HF_HUB_CACHE",
                    model, bytes / 1e6, directory, free / 1e6));
        }
    }

    private static Optional<String> commit(RepositoryCache repository, ModelReference model) {
        if (model.isCommit()) {
            return Optional.of(model.revision());
        }
        Path ref = repository.ref(model.revision());
        try {
            return Optional.of(Files.readString(ref).strip()).filter(ModelReference::isCommit);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        } catch (IOException e) {
            if (Files.isDirectory(ref) || Files.isRegularFile(ref.getParent())) {
                return Optional.empty();
            }
            throw HubNames.cannot("read", ref, e);
        }
    }

    private static long usableSpace(Path directory) {
        Path existing = directory;
        while (existing.getParent() != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        try {
            return Files.getFileStore(existing).getUsableSpace();
        } catch (IOException e) {
            throw HubNames.cannot("measure the free space of", existing, e);
        }
    }
}
