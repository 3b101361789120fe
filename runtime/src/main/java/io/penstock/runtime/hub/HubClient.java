package io.penstock.runtime.hub;

import io.penstock.runtime.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Fetches models from a hub into the hub cache. Usable from several threads and processes at once. */
public final class HubClient {
    private static final int MAX_FILES_AT_ONCE = 4;

    private final HubSettings settings;
    private final HubCache cache;
    private final Retry retry;

    public HubClient(HubSettings settings, HubCache cache) {
        this(settings, cache, Retry.STANDARD);
    }

    HubClient(HubSettings settings, HubCache cache, Retry retry) {
        this.settings = settings;
        this.cache = cache;
        this.retry = retry;
    }

    /** A client of the hub and the cache that the environment names. */
    public static HubClient of(Map<String, String> environment) {
        return new HubClient(HubSettings.of(environment), HubCache.of(environment));
    }

    public HubCache cache() {
        return cache;
    }

    /**
     * Fetches the files of a model that an engine needs and that the cache lacks; offline, only looks them up. What
     * an interrupted pull left is completed.
     *
     * @return the snapshot folder with all the files
     * @throws InputException where the hub, the network, the disk or the model's name is not as it should be
     */
    public Path pull(ModelReference model, PullProgress progress) {
        if (settings.offline()) {
            return cache.snapshot(model).orElseThrow(() -> new InputException(model + " is not complete in the cache "
                    + cache.directory() + " and HF_HUB_OFFLINE is set: unset it to download the model,"
                    + " or give a folder with --model DIR"));
        }
        try (HubRequests requests = new HubRequests(settings, model)) {
            return new Pull(requests, model, new SerialProgress(progress)).run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InputException("the download of " + model + " was interrupted: pull again to go on", e);
        }
    }

    /** One model's download. */
    private final class Pull {
        private final HubRequests requests;
        private final ModelReference model;
        private final PullProgress progress;
        private final RemoteRepository remote;
        private final RepositoryCache local;

        Pull(HubRequests requests, ModelReference model, PullProgress progress) {
            this.requests = requests;
            this.model = model;
            this.progress = progress;
            this.remote = new RemoteRepository(requests, model, settings.etagTimeout(), retry, progress);
            this.local = cache.repository(model);
        }

        /** The weights come last and the ref after them, so that what is found complete is complete. */
        Path run() throws InterruptedException {
            RemoteRepository.Listing listing = remote.listing();
            Path snapshot = local.snapshot(listing.commit());
            fetchAll(EngineFiles.beforeWeights(listing.files(), model), listing.commit());
            fetchAll(EngineFiles.weights(listing.files(), snapshot, model), listing.commit());
            if (!model.isCommit()) {
                local.pointRef(model.revision(), listing.commit());
            }
            return snapshot;
        }

        private void fetchAll(Collection<String> names, String commit) throws InterruptedException {
            List<RemoteFile> files = new ArrayList<>();
            long totalBytes = 0;
            long missingBytes = 0;
            for (String name : names) {
                RemoteFile file = remote.file(name, commit);
                files.add(file);
                totalBytes += file.sizeBytes();
                missingBytes += local.missingBytes(file, commit);
            }
            progress.filesFound(files.size(), totalBytes);
            cache.requireSpace(missingBytes, model);
            local.create();
            inParallel(files, commit);
        }

        private void inParallel(List<RemoteFile> files, String commit) throws InterruptedException {
            ExecutorService workers = Executors.newFixedThreadPool(
                    MAX_FILES_AT_ONCE, Thread.ofPlatform().daemon().name("hub-download-", 0).factory());
            try {
                ExecutorCompletionService<Void> running = new ExecutorCompletionService<>(workers);
                for (RemoteFile file : files) {
                    running.submit(() -> {
                        fetch(file, commit);
                        return null;
                    });
                }
                for (int i = 0; i < files.size(); i++) {
                    running.take().get();
                }
            } catch (ExecutionException e) {
                throw rethrown(e.getCause());
            } finally {
                workers.shutdownNow();
                workers.close();
            }
        }

        private void fetch(RemoteFile file, String commit) throws InterruptedException {
            if (RepositoryCache.holds(local.snapshot(commit).resolve(file.name()), file.sizeBytes())) {
                progress.fileCached(file.name(), file.sizeBytes());
                return;
            }
            try (BlobLock _ = BlobLock.acquire(local.lock(file.hash()), () -> progress.fileWaiting(file.name()))) {
                if (RepositoryCache.holds(local.blob(file.hash()), file.sizeBytes())) {
                    progress.fileCached(file.name(), file.sizeBytes());
                } else {
                    Path part = local.part(file.hash());
                    new BlobDownload(requests, file, retry, progress, settings.downloadTimeout()).run(part);
                    local.publish(part, file.hash());
                    progress.verified(file.name());
                }
                local.show(file.hash(), commit, file.name());
            }
        }

        private RuntimeException rethrown(Throwable failure) {
            return switch (failure) {
                case InputException e -> new InputException(e.getMessage(), e);
                case Error e -> throw e;
                case Throwable e -> new IllegalStateException("downloading " + model, e);
            };
        }
    }
}
