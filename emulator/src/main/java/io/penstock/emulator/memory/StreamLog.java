package io.penstock.emulator.memory;

import java.util.Arrays;

/**
 * The last write of each 16 bytes of an allocation, and each stream's last read behind it: what of it runs at the same
 * time as other work. Kept between launches, unlike an {@link AccessLog}.
 */
public final class StreamLog {
    static final int GRANULE_BITS = 4;
    private static final int PAGE_BITS = 10;
    private static final int PAGE_GRANULES = 1 << PAGE_BITS;

    /** Times are those of a stream's works, from 1; 0 is never. */
    private static final class Page {
        private final int[] writers = new int[PAGE_GRANULES];
        private final int[] writes = new int[PAGE_GRANULES];
        private int[][] reads = new int[0][];
    }

    /** A place that two streams touch at the same time. */
    public record Conflict(int offset, int stream, int time, boolean isRead) {}

    private final Page[] pages;

    StreamLog(int sizeBytes) {
        pages = new Page[(sizeBytes >>> GRANULE_BITS >>> PAGE_BITS) + 1];
    }

    private Page page(int granule) {
        int at = granule >>> PAGE_BITS;
        if (pages[at] == null) {
            pages[at] = new Page();
        }
        return pages[at];
    }

    /** Notes that some bytes are read; the first conflict or null. */
    public Conflict read(Moment now, int offset, int numBytes) {
        Conflict conflict = null;
        for (int granule = offset >>> GRANULE_BITS; granule <= offset + numBytes - 1 >>> GRANULE_BITS; granule++) {
            Page page = page(granule);
            int i = granule & PAGE_GRANULES - 1;
            conflict = conflict == null ? conflictWithWrite(page, i, now, granule) : conflict;
            if (now.stream() >= page.reads.length) {
                page.reads = Arrays.copyOf(page.reads, now.stream() + 1);
            }
            if (page.reads[now.stream()] == null) {
                page.reads[now.stream()] = new int[PAGE_GRANULES];
            }
            page.reads[now.stream()][i] = now.time();
        }
        return conflict;
    }

    /** Notes that some bytes are written; the first conflict or null. */
    public Conflict write(Moment now, int offset, int numBytes) {
        Conflict conflict = null;
        for (int granule = offset >>> GRANULE_BITS; granule <= offset + numBytes - 1 >>> GRANULE_BITS; granule++) {
            Page page = page(granule);
            int i = granule & PAGE_GRANULES - 1;
            conflict = conflict == null ? conflictWithWrite(page, i, now, granule) : conflict;
            for (int stream = 0; stream < page.reads.length; stream++) {
                int[] reads = page.reads[stream];
                if (reads != null) {
                    boolean isSafe = reads[i] == 0 || now.follows(stream, reads[i]);
                    conflict = conflict != null || isSafe ? conflict
                            : new Conflict(granule << GRANULE_BITS, stream, reads[i], true);
                    reads[i] = 0;
                }
            }
            page.writers[i] = now.stream();
            page.writes[i] = now.time();
        }
        return conflict;
    }

    private static Conflict conflictWithWrite(Page page, int i, Moment now, int granule) {
        return page.writes[i] == 0 || now.follows(page.writers[i], page.writes[i]) ? null
                : new Conflict(granule << GRANULE_BITS, page.writers[i], page.writes[i], false);
    }
}
