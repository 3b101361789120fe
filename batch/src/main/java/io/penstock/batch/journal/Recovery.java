package io.penstock.batch.journal;

import io.penstock.batch.journal.Disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Finds how much of a journal is true after whatever has happened: the entries up to the first one that is torn, or
 * that speaks of bytes which the files do not have, or, among the last ones, of bytes that are others.
 */
final class Recovery {
    /** The end of the results is read again and compared: what lies in front of it was forced long before. */
    static final long CHECKED_BYTES = 16 << 20;

    private static final int CHUNK_ENTRIES = 1 << 14;
    private static final int MAX_LINE_BYTES = 1 << 30;

    private final DiskFile journal;
    private final DiskFile output;
    private final DiskFile errors;

    /** @param errors null if there is no such file */
    Recovery(DiskFile journal, DiskFile output, DiskFile errors) {
        this.journal = journal;
        this.output = output;
        this.errors = errors;
    }

    interface Visitor {
        /** Takes an entry; false to end. */
        boolean take(Entry entry) throws IOException;
    }

    /** How many entries are true. */
    long numTrueEntries() throws IOException {
        long outputBytes = output.size();
        long errorsBytes = errors == null ? 0 : errors.size();
        long[] count = {0};
        visit(Long.MAX_VALUE, entry -> {
            if (entry instanceof Entry.Result result
                    && result.end() > (result.isInErrors() ? errorsBytes : outputBytes)) {
                return false;
            }
            count[0]++;
            return true;
        });
        return count[0] - numUntrueAtEnd(count[0]);
    }

    /** Shows the first {@code most} entries, up to one that is torn. */
    void visit(long most, Visitor visitor) throws IOException {
        byte[] chunk = new byte[CHUNK_ENTRIES * Entry.BYTES];
        long numLeft = most;
        for (long position = ResultLog.HEADER_BYTES; numLeft > 0; position += chunk.length) {
            int numEntries = journal.readFully(ByteBuffer.wrap(chunk), position) / Entry.BYTES;
            for (int i = 0; i < numEntries && numLeft > 0; i++, numLeft--) {
                Entry entry = Entry.read(chunk, i * Entry.BYTES);
                if (entry == null || !visitor.take(entry)) {
                    return;
                }
            }
            if (numEntries < CHUNK_ENTRIES) {
                return;
            }
        }
    }

    /** How many of the last entries have to go, because the line of the first of them is not what it was. */
    private long numUntrueAtEnd(long numEntries) throws IOException {
        long first = firstChecked(numEntries);
        List<Entry> entries = new ArrayList<>();
        long[] index = {0};
        visit(numEntries, entry -> {
            if (index[0]++ >= first) {
                entries.add(entry);
            }
            return true;
        });
        long[] ends = {-1, -1};
        for (int i = 0; i < entries.size(); i++) {
            if (!(entries.get(i) instanceof Entry.Result result)) {
                continue;
            }
            int file = result.isInErrors() ? 1 : 0;
            // Where the first line of a file begins is only known where it is the file's first.
            long start = first == 0 && ends[file] < 0 ? 0 : ends[file];
            if (start >= 0 && !isWhole(result, start)) {
                return entries.size() - i;
            }
            ends[file] = result.end();
        }
        return 0;
    }

    /** The entry from which on lines are compared. */
    private long firstChecked(long numEntries) throws IOException {
        long[] ends = {0, 0};
        visit(numEntries, entry -> {
            if (entry instanceof Entry.Result result) {
                ends[result.isInErrors() ? 1 : 0] = result.end();
            }
            return true;
        });
        long[] index = {0};
        visit(numEntries, entry -> {
            boolean isNearEnd = entry instanceof Entry.Result result
                    && result.end() > ends[result.isInErrors() ? 1 : 0] - CHECKED_BYTES;
            index[0] += isNearEnd ? 0 : 1;
            return !isNearEnd;
        });
        return index[0];
    }

    private boolean isWhole(Entry.Result result, long start) throws IOException {
        long length = result.end() - start;
        if (length <= 0 || length > MAX_LINE_BYTES) {
            return false;
        }
        byte[] line = new byte[(int) length];
        DiskFile file = result.isInErrors() ? errors : output;
        if (file.readFully(ByteBuffer.wrap(line), start) < length) {
            return false;
        }
        var crc = new CRC32C();
        crc.update(line);
        return (int) crc.getValue() == result.crc();
    }
}
