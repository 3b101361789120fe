package io.penstock.batch.source;

import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchSource;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The lines of a stream of bytes. A record's number is that of its line, from 0; blank lines are none. A mark at the
 * start that says UTF-8 and carriage returns at the ends of lines are no part of them.
 */
final class LineSource implements BatchSource {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final int FIRST_LINE_BYTES = 1 << 12;
    private static final byte[] UTF8_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final Opener opener;
    private final int maxLineBytes;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private InputStream in;
    private int begin;
    private int end;
    private long position;
    private long number;

    /** What is left over of a line that does not lie in the buffer as a whole. */
    private byte[] line = new byte[FIRST_LINE_BYTES];

    /** Opens the bytes from a position on. */
    interface Opener {
        InputStream open(long position) throws IOException;
    }

    /** @param maxLineBytes longer lines are broken records */
    LineSource(Opener opener, int maxLineBytes) throws IOException {
        this.opener = opener;
        this.maxLineBytes = maxLineBytes;
        in = opener.open(0);
    }

    @Override
    public BatchRecord next() throws IOException {
        while (true) {
            long start = position;
            long length = readLine();
            if (length < 0) {
                return null;
            }
            int kept = (int) Math.min(length, maxLineBytes + 1L);
            int from = start == 0 && startsWithMark(kept) ? UTF8_MARK.length : 0;
            int to = Math.min(kept, line.length);
            while (to > from && isBlank(line[to - 1])) {
                to--;
            }
            long lineNumber = number++;
            if (length > maxLineBytes) {
                return BatchRecord.broken(lineNumber, new InputException("the line has " + length
                        + " bytes, more than the " + maxLineBytes + " that a line may have"));
            }
            if (!isAllBlank(from, to)) {
                return new BatchRecord(lineNumber, Arrays.copyOfRange(line, from, to));
            }
        }
    }

    private boolean startsWithMark(int length) {
        return length >= UTF8_MARK.length && Arrays.equals(line, 0, UTF8_MARK.length, UTF8_MARK, 0, UTF8_MARK.length);
    }

    private boolean isAllBlank(int from, int to) {
        for (int i = from; i < to; i++) {
            if (!isBlank(line[i])) {
                return false;
            }
        }
        return true;
    }

    static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    /** Reads a line, its break left out, into {@link #line} as far as it may be kept; its length, -1 at the end. */
    private long readLine() throws IOException {
        long length = 0;
        while (true) {
            if (begin == end && !fill()) {
                return length > 0 ? length : -1;
            }
            int at = begin;
            while (at < end && buffer[at] != '\n') {
                at++;
            }
            keep(length, at - begin);
            length += at - begin;
            boolean isWhole = at < end;
            position += at - begin + (isWhole ? 1 : 0);
            begin = isWhole ? at + 1 : at;
            if (isWhole) {
                return length;
            }
        }
    }

    /** Of a line that is too long nothing more is kept. */
    private void keep(long length, int more) {
        if (length + more > maxLineBytes) {
            return;
        }
        int needed = (int) length + more;
        if (needed > line.length) {
            line = Arrays.copyOf(line, (int) Math.min(maxLineBytes, Math.max(needed, 2L * line.length)));
        }
        System.arraycopy(buffer, begin, line, (int) length, more);
    }

    private boolean fill() throws IOException {
        int read = in.read(buffer, 0, buffer.length);
        begin = 0;
        end = Math.max(read, 0);
        return read > 0;
    }

    @Override
    public Place place() {
        return new Place(position, number);
    }

    @Override
    public void seek(Place place) throws IOException {
        in.close();
        begin = 0;
        end = 0;
        in = opener.open(place.position());
        position = place.position();
        number = place.number();
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
