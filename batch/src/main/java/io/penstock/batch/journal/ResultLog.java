package io.penstock.batch.journal;

import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchSource;
import io.penstock.batch.journal.Disk.DiskFile;
import io.penstock.runtime.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Results, appended to their files and acknowledged by a journal. A group of them is written like this: the lines, then
 * {@code force}, then their entries, then {@code force}. So an entry is only ever on the disk if its line is; lines
 * without an entry are cut off when the log is opened again, and made anew. One thread's.
 */
public final class ResultLog implements AutoCloseable {
    /** A group is written when it has so many bytes. */
    private static final int GROUP_BYTES = 4 << 20;

    static final int HEADER_BYTES = 64;
    private static final byte[] HEADER =
            Arrays.copyOf("penstock batch journal 1\n".getBytes(StandardCharsets.US_ASCII), HEADER_BYTES);

    private final DiskFile journal;
    private final Lines output;
    private final Lines errors;
    private long journalEnd;
    private byte[] entries = new byte[1 << 14];
    private int numEntryBytes;
    private boolean isBroken;

    /** One file of lines, and what waits to be written behind its end. */
    private static final class Lines implements AutoCloseable {
        private final DiskFile file;
        private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
        private long end;

        Lines(DiskFile file) {
            this.file = file;
        }

        long append(byte[] line) {
            waiting.writeBytes(line);
            waiting.write('\n');
            return end + waiting.size();
        }

        void write() throws IOException {
            if (waiting.size() > 0) {
                file.writeFully(ByteBuffer.wrap(waiting.toByteArray()), end);
                file.force();
                end += waiting.size();
                waiting.reset();
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /** Told what a log holds when it is opened. */
    public interface Loader {
        /** A result of an earlier run. */
        void result(BatchResult result);

        /** In front of the place everything was done. */
        void place(BatchSource.Place place);
    }

    private ResultLog(DiskFile journal, Lines output, Lines errors) {
        this.journal = journal;
        this.output = output;
        this.errors = errors;
    }

    /**
     * Opens a job's log, or begins one; what is not whole at its end is cut off.
     *
     * @param loader told everything that is done, in order; its results have no lines
     */
    public static ResultLog open(Disk disk, JobFiles files, Loader loader) throws IOException {
        DiskFile journal = disk.open(files.journal());
        Lines output = null;
        Lines errors = null;
        try {
            output = new Lines(disk.open(files.outputPart()));
            errors = files.errors() == null ? null : new Lines(disk.open(files.errorsPart()));
            var log = new ResultLog(journal, output, errors);
            log.recover(loader);
            return log;
        } catch (IOException | RuntimeException e) {
            close(journal, output, errors);
            throw e;
        }
    }

    private void recover(Loader loader) throws IOException {
        byte[] header = new byte[HEADER_BYTES];
        boolean isEmpty = journal.readFully(ByteBuffer.wrap(header), 0) < HEADER_BYTES
                || Arrays.equals(header, new byte[HEADER_BYTES]);
        if (!isEmpty) {
            if (!Arrays.equals(header, HEADER)) {
                throw new InputException("the job's journal is none that this version writes: run with the version"
                        + " that began the job, or begin anew with --restart");
            }
        } else {
            // Nothing was ever acknowledged: the header is forced before the first entry.
            journal.truncate(0);
            journal.writeFully(ByteBuffer.wrap(HEADER), 0);
        }
        // Also where it was there: the run that wrote it may have ended before it was on the disk.
        journal.force();
        var recovery = new Recovery(journal, output.file, errors == null ? null : errors.file);
        long numEntries = recovery.numTrueEntries();
        recovery.visit(numEntries, entry -> {
            switch (entry) {
                case Entry.Result result -> {
                    (result.isInErrors() ? errors : output).end = result.end();
                    loader.result(new BatchResult(result.number(), result.key(), new byte[0], result.isFailed(),
                            result.tokens()));
                }
                case Entry.Done(BatchSource.Place place) -> loader.place(place);
            }
            return true;
        });
        journalEnd = HEADER_BYTES + numEntries * Entry.BYTES;
        cut(journal, journalEnd);
        cut(output.file, output.end);
        if (errors != null) {
            cut(errors.file, errors.end);
        }
    }

    private static void cut(DiskFile file, long end) throws IOException {
        if (file.size() > end) {
            file.truncate(end);
            file.force();
        }
    }

    /** Adds a result to the group; {@link #commit} acknowledges it. */
    public void append(BatchResult result) {
        boolean isInErrors = errors != null && result.isFailed();
        long end = (isInErrors ? errors : output).append(result.json());
        var crc = new CRC32C();
        crc.update(result.json());
        crc.update('\n');
        add(new Entry.Result(result.number(), result.key(), result.isFailed(), isInErrors, end, (int) crc.getValue(),
                result.tokens()));
    }

    private void add(Entry entry) {
        if (numEntryBytes == entries.length) {
            entries = Arrays.copyOf(entries, 2 * entries.length);
        }
        entry.write(ByteBuffer.wrap(entries, numEntryBytes, Entry.BYTES));
        numEntryBytes += Entry.BYTES;
    }

    /** Whether the group should be written now, however young it is. */
    public boolean isFull() {
        return output.waiting.size() + (errors == null ? 0 : errors.waiting.size()) >= GROUP_BYTES;
    }

    /** Whether there is anything to commit. */
    public boolean isDirty() {
        return numEntryBytes > 0;
    }

    /**
     * Writes the group. After an error nothing more can be written: what the disk has then is found out by opening the
     * log again.
     *
     * @param done where everything in front has been appended
     */
    public void commit(BatchSource.Place done) throws IOException {
        if (isBroken) {
            throw new IllegalStateException("written to after an error");
        }
        isBroken = true;
        add(new Entry.Done(done));
        output.write();
        if (errors != null) {
            errors.write();
        }
        journal.writeFully(ByteBuffer.wrap(entries, 0, numEntryBytes), journalEnd);
        journal.force();
        journalEnd += numEntryBytes;
        numEntryBytes = 0;
        isBroken = false;
    }

    private static void close(DiskFile journal, Lines output, Lines errors) throws IOException {
        try (journal; output; errors) {
            // all three, whatever the others do
        }
    }

    @Override
    public void close() throws IOException {
        close(journal, output, errors);
    }
}
