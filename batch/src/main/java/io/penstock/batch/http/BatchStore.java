package io.penstock.batch.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.journal.Disk;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Files and batches in a folder: {@code files/ID/file.json} with {@code content}, {@code batches/ID/batch.json}. All of
 * them are known from the start; what is not whole after a crash is removed.
 */
final class BatchStore {
    /** The most files, and the most batches; older ones are to be deleted. */
    static final int MOST = 10_000;

    private static final String CONTENT = "content";
    private static final String FILE = "file.json";
    private static final String BATCH = "batch.json";

    private final Disk disk;
    private final Path files;
    private final Path batches;
    private final Path uploads;
    private final Map<String, StoredFile> knownFiles = new ConcurrentHashMap<>();
    private final Map<String, StoredBatch> knownBatches = new ConcurrentHashMap<>();

    /** @throws InputException if the folder cannot be used */
    BatchStore(Disk disk, Path folder) {
        this.disk = disk;
        files = folder.resolve("files");
        batches = folder.resolve("batches");
        uploads = folder.resolve("uploads");
        try {
            disk.makeFolder(folder);
            disk.makeFolder(files);
            disk.makeFolder(batches);
            disk.makeFolder(uploads);
            for (Path left : list(uploads)) {
                disk.delete(left);
            }
            for (Path each : list(files)) {
                loadFile(each);
            }
            for (Path each : list(batches)) {
                if (disk.size(each.resolve(BATCH)) >= 0) {
                    var batch = new StoredBatch(object(each.resolve(BATCH)));
                    knownBatches.put(batch.id(), batch);
                }
            }
        } catch (IOException e) {
            throw new InputException("--batch-dir " + folder + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList();
        }
    }

    private ObjectNode object(Path file) throws IOException {
        return StrictJson.parseObject(disk.read(file), file.toString());
    }

    private void loadFile(Path folder) throws IOException {
        if (disk.size(folder.resolve(FILE)) < 0 || disk.size(folder.resolve(CONTENT)) < 0) {
            disk.delete(folder.resolve(FILE));
            disk.delete(folder.resolve(CONTENT));
            disk.delete(folder);
        } else {
            StoredFile file = StoredFile.of(object(folder.resolve(FILE)));
            knownFiles.put(file.id(), file);
        }
    }

    /** Where uploads may lie while they come. */
    Path uploads() {
        return uploads;
    }

    /** Takes a file over, by its name; whole and durable when this returns. */
    StoredFile addFile(StoredFile file, Path content) throws IOException {
        if (knownFiles.size() >= MOST) {
            throw new InputException("there are " + MOST + " files: delete some");
        }
        Path folder = files.resolve(file.id());
        disk.makeFolder(folder);
        try (Disk.DiskFile written = disk.open(content)) {
            written.force();
        }
        disk.rename(content, folder.resolve(CONTENT));
        disk.replace(folder.resolve(FILE), file.toJson());
        knownFiles.put(file.id(), file);
        return file;
    }

    /** Null if there is none. */
    StoredFile file(String id) {
        return knownFiles.get(id);
    }

    Path content(StoredFile file) {
        return files.resolve(file.id()).resolve(CONTENT);
    }

    /** The newest first. */
    List<StoredFile> files() {
        var all = new ArrayList<>(knownFiles.values());
        all.sort(Comparator.comparingLong(StoredFile::createdSeconds).reversed().thenComparing(StoredFile::id));
        return all;
    }

    void deleteFile(StoredFile file) throws IOException {
        knownFiles.remove(file.id());
        Path folder = files.resolve(file.id());
        disk.delete(folder.resolve(FILE));
        disk.delete(folder.resolve(CONTENT));
        disk.delete(folder);
    }

    Path folder(StoredBatch batch) {
        return batches.resolve(batch.id());
    }

    /** Keeps a batch as it is now; durable when this returns. */
    void put(StoredBatch batch) throws IOException {
        if (!knownBatches.containsKey(batch.id()) && knownBatches.size() >= MOST) {
            throw new InputException("there are " + MOST + " batches: remove the folders of some in --batch-dir");
        }
        disk.makeFolder(folder(batch));
        disk.replace(folder(batch).resolve(BATCH), batch.toJson());
        knownBatches.put(batch.id(), batch);
    }

    /** Null if there is none. */
    StoredBatch batch(String id) {
        return knownBatches.get(id);
    }

    /** The newest first. */
    List<StoredBatch> batches() {
        var all = new ArrayList<>(knownBatches.values());
        all.sort(Comparator.comparingLong(StoredBatch::createdSeconds).reversed().thenComparing(StoredBatch::id));
        return all;
    }
}
