package io.penstock.batch.journal;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchSink;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.util.function.Supplier;

/**
 * A job on the disk: held by this process, begun now or earlier, finished or not. {@link #open} finds out which, and
 * refuses what does not belong together.
 */
public final class JobStore implements AutoCloseable {
    private final Disk disk;
    private final JobFiles files;
    private final Disk.Lock lock;
    private Manifest manifest;
    private boolean hasOtherInput;

    private JobStore(Disk disk, JobFiles files, Disk.Lock lock) {
        this.disk = disk;
        this.files = files;
        this.lock = lock;
    }

    /**
     * What a job is begun or gone on with.
     *
     * @param looked the input by its name, size and time of change; its hash is empty
     * @param read reads the input for its hash and records, where looking at it is not enough
     * @param settings all that results depend on but the input
     */
    public record Asked(String version, Manifest.Input looked, Supplier<Manifest.Input> read, ObjectNode settings) {
        public Asked {
            settings = Manifest.asStored(settings);
        }
    }

    /** What to do where there is something already. */
    public enum Policy {
        /** Go on with the same job, and refuse another one. */
        RESUME,
        /** Go on even if input, model or settings have changed: what is done stays. */
        FORCE,
        /** Throw away what there is. */
        RESTART
    }

    /**
     * Takes the job's lock and finds out what there is of it.
     *
     * @throws InputException if the output is another job's, or the job's input or settings have changed
     */
    public static JobStore open(Disk disk, JobFiles files, Asked asked, Policy policy) throws IOException {
        disk.makeFolder(files.folder());
        var lock = takeLock(disk, files);
        var store = new JobStore(disk, files, lock);
        try {
            store.decide(asked, policy);
            return store;
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private void decide(Asked asked, Policy policy) throws IOException {
        if (policy == Policy.RESTART) {
            clear();
        }
        manifest = Manifest.read(disk, files);
        if (manifest == null) {
            if (policy != Policy.RESTART && disk.size(files.output()) >= 0) {
                throw new InputException(files.output() + " is there already: give another name, or --restart to"
                        + " write it anew");
            }
            // Leftovers of a job that was not even begun.
            disk.delete(files.journal());
            manifest = new Manifest(asked.version(), asked.read().get(), asked.settings(), null);
            manifest.write(disk, files);
            return;
        }
        compare(asked, policy == Policy.FORCE);
        if (isDone() && disk.size(files.output()) < 0 && disk.size(files.outputPart()) < 0) {
            throw new InputException(files.output() + " was finished and is gone: run with --restart to make it again");
        }
    }

    private void clear() throws IOException {
        // The manifest goes last: until it is gone, this job can be cleared again.
        disk.delete(files.journal());
        disk.delete(files.outputPart());
        if (files.errors() != null) {
            disk.delete(files.errorsPart());
        }
        disk.delete(files.manifest());
    }

    private void compare(Asked asked, boolean force) throws IOException {
        Manifest.Input known = manifest.input();
        Manifest.Input looked = asked.looked();
        boolean looksSame = known.sha256().isEmpty() == looked.sha256().isEmpty() && known.bytes() == looked.bytes()
                && known.modifiedMs() == looked.modifiedMs();
        Manifest.Input input = looksSame ? known : asked.read().get();
        hasOtherInput = !input.isSame(known);
        String difference = manifest.difference(asked.settings());
        String way = isDone() ? "--restart to make it anew" : "--force to go on all the same, or --restart";
        boolean mayDiffer = force && !isDone();
        if (hasOtherInput && !mayDiffer) {
            throw new InputException(looked.name() + " is not what it was when " + files.output()
                    + " was begun: give the same input, or " + way);
        }
        if (difference != null && !mayDiffer) {
            throw new InputException(difference + " is not what it was when " + files.output() + " was begun ("
                    + shown(manifest.settings(), difference) + ", now " + shown(asked.settings(), difference)
                    + "): give the same, or " + way);
        }
        if (input != known || difference != null) {
            manifest = new Manifest(manifest.version(), input, asked.settings(), manifest.summary());
            manifest.write(disk, files);
        }
    }

    private static String shown(ObjectNode settings, String name) {
        return settings.has(name) ? settings.get(name).toString() : "not there";
    }

    /** Whether all results are there, and nothing but giving them their name is left to do. */
    public boolean isDone() {
        return manifest.summary() != null;
    }

    public Manifest manifest() {
        return manifest;
    }

    /** Whether the numbers and places of an earlier run mean nothing in the input as it is now. */
    public boolean hasOtherInput() {
        return hasOtherInput;
    }

    public JobFiles files() {
        return files;
    }

    /** Opens the results. */
    public ResultLog log(ResultLog.Loader loader) throws IOException {
        return ResultLog.open(disk, files, loader);
    }

    /** Notes that all results are there; then {@link #commit}. The log is closed by now. */
    public void finish(ObjectNode summary) throws IOException {
        manifest = manifest.withSummary(summary);
        manifest.write(disk, files);
    }

    /** Gives the results of a finished job their names; may be done again. */
    public void commit(BatchSink sink) throws IOException {
        if (disk.size(files.outputPart()) >= 0) {
            sink.commit(files.outputPart(), files.output());
            disk.delete(files.outputPart());
        }
        if (files.errors() != null && disk.size(files.errorsPart()) >= 0) {
            disk.rename(files.errorsPart(), files.errors());
        }
        disk.delete(files.journal());
    }

    /** Lines as the output. */
    public BatchSink asLines() {
        return disk::rename;
    }

    private static Disk.Lock takeLock(Disk disk, JobFiles files) throws IOException {
        Disk.Lock lock = disk.lock(files.lock());
        if (lock == null) {
            throw new InputException("another process is at work on " + files.output() + ": wait until it ends, or"
                    + " give another output");
        }
        return lock;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
