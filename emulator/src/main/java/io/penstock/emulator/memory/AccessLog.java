package io.penstock.emulator.memory;

/**
 * The last write of each granule of an allocation, its last read, and the last read by another warp than that one. A
 * granule is 16 bytes until an access does not fit, then smaller: what was known of the whole holds for its parts.
 */
public final class AccessLog {
    private static final int PAGE_BITS = 10;
    private static final int PAGE_GRANULES = 1 << PAGE_BITS;
    private static final byte READ = 1;
    private static final byte WRITTEN = 2;

    private static final class Page {
        private final long[] writes = new long[PAGE_GRANULES];
        private final long[] reads = new long[PAGE_GRANULES];
        private final long[] otherReads = new long[PAGE_GRANULES];
        private final int[] writeCta = new int[PAGE_GRANULES];
        private final int[] readCta = new int[PAGE_GRANULES];
        private final int[] otherReadCta = new int[PAGE_GRANULES];
        private final byte[] touched = new byte[PAGE_GRANULES];

        private void copy(int to, Page from, int at) {
            writes[to] = from.writes[at];
            reads[to] = from.reads[at];
            otherReads[to] = from.otherReads[at];
            writeCta[to] = from.writeCta[at];
            readCta[to] = from.readCta[at];
            otherReadCta[to] = from.otherReadCta[at];
            touched[to] = from.touched[at];
        }
    }

    /** Which granules of so many bits were read or written, without by whom. */
    record Marks(int shift, byte[][] pages) {
        boolean wrote(int offset, int numBytes) {
            return has(offset, numBytes, WRITTEN);
        }

        boolean touched(int offset, int numBytes) {
            return has(offset, numBytes, (byte) (READ | WRITTEN));
        }

        private boolean has(int offset, int numBytes, byte how) {
            for (int granule = offset >>> shift; granule <= offset + numBytes - 1 >>> shift; granule++) {
                byte[] page = pages[granule >>> PAGE_BITS];
                if (page != null && (page[granule & PAGE_GRANULES - 1] & how) != 0) {
                    return true;
                }
            }
            return false;
        }
    }

    /** Whether a read may meet a strong write. */
    public enum Strength {
        /** It may not. */
        WEAK,
        /** Only one of another warp: lanes do not run in step. */
        BETWEEN_WARPS,
        /** It may. */
        STRONG;

        private boolean excuses(long write, boolean isOwnWarp) {
            return Stamp.isStrong(write) && (this == STRONG || this == BETWEEN_WARPS && !isOwnWarp);
        }
    }

    /** Whether a write changes nothing. */
    public enum Same {
        /** It does. */
        NO,
        /** It does not: threads of one block may write one value. */
        BY_CHANCE,
        /** It does not, and writes a constant: blocks may set one flag. */
        CONSTANT;

        private boolean excuses(boolean isOneBlock) {
            return this == CONSTANT || this == BY_CHANCE && isOneBlock;
        }
    }

    private final int sizeBytes;
    private int shift = 4;
    private Page[] pages;
    private int conflictCta;
    private boolean conflictIsRead;
    private boolean conflictIsUnfenced;

    AccessLog(int sizeBytes) {
        this.sizeBytes = sizeBytes;
        this.pages = new Page[numPages()];
    }

    private int numPages() {
        return (sizeBytes >>> shift >>> PAGE_BITS) + 1;
    }

    /** The block of the conflict that was returned last. */
    public int conflictCta() {
        return conflictCta;
    }

    /** Whether the conflict that was returned last is with a read. */
    public boolean conflictIsRead() {
        return conflictIsRead;
    }

    /** Whether the conflict that was returned last is ordered, and lacks only a fence between threads and engines. */
    public boolean conflictIsUnfenced() {
        return conflictIsUnfenced;
    }

    /**
     * Notes that an engine reads bytes on behalf of a thread.
     *
     * @param stamp of the engine
     * @param seen gets the writes that it meets; null if nobody asks
     * @return the stamp of a write that is not ordered with it, or that an engine may not see yet; or 0
     */
    public long readByEngine(Agent agent, int lane, EngineStamp stamp, int offset, int numBytes, SeenWrites seen) {
        fit(offset | numBytes);
        long conflict = 0;
        int end = offset + numBytes >>> shift;
        for (int granule = offset >>> shift; granule < end; granule++) {
            Page page = page(granule);
            int i = granule & PAGE_GRANULES - 1;
            long write = page.writes[i];
            if (write != 0 && conflict == 0 && (seen == null || !seen.has(write, page.writeCta[i]))) {
                if (isUnsafe(agent, lane, write, page.writeCta[i])) {
                    conflict = write;
                    conflictCta = page.writeCta[i];
                    conflictIsRead = false;
                } else if (seen != null) {
                    seen.add(write, page.writeCta[i]);
                }
            }
            long read = page.reads[i];
            boolean isSame = Stamp.isEngine(read) && Stamp.engine(read) == Stamp.engine(stamp.stamp())
                    && page.readCta[i] == stamp.cta();
            if (!isSame && read != 0) {
                page.otherReads[i] = read;
                page.otherReadCta[i] = page.readCta[i];
            }
            page.reads[i] = stamp.stamp();
            page.readCta[i] = stamp.cta();
            page.touched[i] |= READ;
        }
        return conflict;
    }

    private boolean isUnsafe(Agent agent, int lane, long write, int writeCta) {
        boolean follows = agent.follows(write, writeCta, lane);
        conflictIsUnfenced = follows && !agent.isFenced(write, writeCta);
        return !follows || conflictIsUnfenced;
    }

    /**
     * Notes that an engine writes bytes on behalf of a thread.
     *
     * @param stamp of the engine
     * @return the stamp of an access that is not ordered with it, or that an engine may overtake; or 0
     */
    public long writeByEngine(Agent agent, int lane, EngineStamp stamp, int offset, int numBytes) {
        fit(offset | numBytes);
        long conflict = 0;
        int end = offset + numBytes >>> shift;
        for (int granule = offset >>> shift; granule < end; granule++) {
            Page page = page(granule);
            int i = granule & PAGE_GRANULES - 1;
            if (page.touched[i] != 0 && conflict == 0) {
                conflictIsUnfenced = false;
                conflict = conflict(page, i, agent, Stamp.withLane(stamp.stamp(), lane), Same.NO);
                boolean areAtomic = Stamp.isStrong(stamp.stamp()) && Stamp.isStrong(page.writes[i]);
                if (conflict == 0 && page.writes[i] != 0 && !areAtomic
                        && isUnsafe(agent, lane, page.writes[i], page.writeCta[i])) {
                    conflict = page.writes[i];
                    conflictCta = page.writeCta[i];
                    conflictIsRead = false;
                }
            }
            page.writes[i] = stamp.stamp();
            page.writeCta[i] = stamp.cta();
            page.reads[i] = 0;
            page.otherReads[i] = 0;
            page.touched[i] |= WRITTEN;
        }
        return conflict;
    }

    /** An engine has written bytes: whoever knows that it is done may read them. */
    public void landed(EngineStamp stamp, int offset, int numBytes) {
        landed(stamp.stamp(), stamp.cta(), offset, numBytes);
    }

    /** The same for an engine of a thread, which has waited for it: it is the thread's own write then. */
    public void landed(long stamp, int stampCta, int offset, int numBytes) {
        fit(offset | numBytes);
        int end = offset + numBytes >>> shift;
        for (int granule = offset >>> shift; granule < end; granule++) {
            Page page = page(granule);
            int i = granule & PAGE_GRANULES - 1;
            page.writes[i] = stamp;
            page.writeCta[i] = stampCta;
        }
    }

    /**
     * Notes a read of 1, 2, 4, 8 or 16 aligned bytes.
     *
     * @param site index of the instruction
     * @return the stamp of a write that is not ordered with it, or 0
     */
    public long read(Agent agent, int lane, int offset, int numBytes, int site, Strength strength) {
        boolean isStrong = strength != Strength.WEAK;
        conflictIsUnfenced = false;
        fit(offset | numBytes);
        long stamp = agent.stamp(lane, site, isStrong);
        long conflict = 0;
        int end = offset + numBytes >>> shift;
        for (int granule = offset >>> shift; granule < end; granule++) {
            Page page = page(granule);
            int i = granule & PAGE_GRANULES - 1;
            long write = page.writes[i];
            if (write != 0 && !agent.follows(write, page.writeCta[i], lane)
                    && !strength.excuses(write, agent.isOwn(write, page.writeCta[i]))) {
                conflict = write;
                conflictCta = page.writeCta[i];
                conflictIsRead = false;
            }
            note(page, i, agent, stamp);
        }
        return conflict;
    }

    private static void note(Page page, int i, Agent agent, long stamp) {
        long read = page.reads[i];
        long noted = stamp;
        if (agent.isOwn(read, page.readCta[i])) {
            if (agent.isCurrent(read)) {
                if (Stamp.lane(read) != Stamp.lane(stamp)) {
                    noted = Stamp.withLane(noted, Stamp.MANY_LANES);
                }
                if (!Stamp.isStrong(read)) {
                    noted = Stamp.asWeak(noted);
                }
            }
        } else if (read != 0) {
            page.otherReads[i] = read;
            page.otherReadCta[i] = page.readCta[i];
        }
        page.reads[i] = noted;
        page.readCta[i] = agent.cta();
        page.touched[i] |= READ;
    }

    /**
     * Notes a write of 1, 2, 4, 8 or 16 aligned bytes.
     *
     * @param same whether the bytes are what they were: two writes of one value are no conflict then
     * @return the stamp of an access that is not ordered with it, or 0
     */
    public long write(Agent agent, int lane, int offset, int numBytes, int site, boolean isStrong, Same same) {
        fit(offset | numBytes);
        conflictIsUnfenced = false;
        long stamp = agent.stamp(lane, site, isStrong);
        long conflict = 0;
        int end = offset + numBytes >>> shift;
        for (int granule = offset >>> shift; granule < end; granule++) {
            Page page = page(granule);
            int i = granule & PAGE_GRANULES - 1;
            if (page.touched[i] != 0) {
                long found = conflict(page, i, agent, stamp, same);
                conflict = found == 0 ? conflict : found;
            }
            page.writes[i] = stamp;
            page.writeCta[i] = agent.cta();
            page.reads[i] = 0;
            page.otherReads[i] = 0;
            page.touched[i] |= WRITTEN;
        }
        return conflict;
    }

    private long conflict(Page page, int i, Agent agent, long stamp, Same same) {
        int lane = Stamp.lane(stamp);
        boolean isStrong = Stamp.isStrong(stamp);
        long read = page.reads[i];
        if (read != 0 && !agent.follows(read, page.readCta[i], lane) && !(isStrong && Stamp.isStrong(read))) {
            return readConflict(read, page.readCta[i]);
        }
        long other = page.otherReads[i];
        if (other != 0 && !agent.follows(other, page.otherReadCta[i], lane) && !(isStrong && Stamp.isStrong(other))) {
            return readConflict(other, page.otherReadCta[i]);
        }
        long write = page.writes[i];
        if (write != 0 && !same.excuses(page.writeCta[i] == agent.cta())
                && !agent.follows(write, page.writeCta[i], lane)
                && !(isStrong && Stamp.isStrong(write))) {
            conflictCta = page.writeCta[i];
            conflictIsRead = false;
            return write;
        }
        return 0;
    }

    private long readConflict(long stamp, int cta) {
        conflictCta = cta;
        conflictIsRead = true;
        return stamp;
    }

    /**
     * The warp reads some bytes atomically, and its own reads before were part of that after all.
     *
     * @return the site of the lane's own read just before, or -1
     */
    public int readAtomically(Agent agent, int lane, int offset, int numBytes) {
        fit(offset | numBytes);
        int site = -1;
        int end = offset + numBytes >>> shift;
        for (int granule = offset >>> shift; granule < end; granule++) {
            Page page = page(granule);
            int i = granule & PAGE_GRANULES - 1;
            page.touched[i] |= READ;
            if (agent.isOwn(page.reads[i], page.readCta[i])) {
                long read = page.reads[i];
                boolean isOfLane = Stamp.lane(read) == lane || Stamp.lane(read) == Stamp.MANY_LANES;
                site = agent.isCurrent(read) && isOfLane ? Stamp.site(read) : site;
                page.reads[i] = Stamp.asStrong(read);
            }
            if (agent.isOwn(page.otherReads[i], page.otherReadCta[i])) {
                page.otherReads[i] = Stamp.asStrong(page.otherReads[i]);
            }
        }
        return site;
    }

    /** Whether a warp knows of the last write of the granule at an offset. */
    public boolean followsWrite(Agent agent, int lane, int offset) {
        Page page = page(offset >>> shift);
        int i = offset >>> shift & PAGE_GRANULES - 1;
        return agent.follows(page.writes[i], page.writeCta[i], lane);
    }

    private Page page(int granule) {
        Page page = pages[granule >>> PAGE_BITS];
        if (page == null) {
            page = new Page();
            pages[granule >>> PAGE_BITS] = page;
        }
        return page;
    }

    private void fit(int offsetAndSize) {
        int fitting = Math.min(4, Integer.numberOfTrailingZeros(offsetAndSize));
        if (fitting < shift) {
            refine(fitting);
        }
    }

    private void refine(int finer) {
        Page[] coarse = pages;
        int parts = shift - finer;
        shift = finer;
        pages = new Page[numPages()];
        for (int at = 0; at < coarse.length; at++) {
            if (coarse[at] == null) {
                continue;
            }
            int first = at << PAGE_BITS << parts;
            int end = Math.min(first + (PAGE_GRANULES << parts), pages.length << PAGE_BITS);
            for (int granule = first; granule < end; granule++) {
                page(granule).copy(granule & PAGE_GRANULES - 1, coarse[at], granule - first >> parts);
            }
        }
    }

    /** Notes what was touched since the log began as done at a moment of a stream; the first conflict or null. */
    public StreamLog.Conflict addTo(StreamLog streams, Moment now) {
        StreamLog.Conflict conflict = null;
        for (int at = 0; at < pages.length; at++) {
            for (int i = 0; pages[at] != null && i < PAGE_GRANULES; i++) {
                int offset = (at << PAGE_BITS | i) << shift;
                StreamLog.Conflict own = null;
                if ((pages[at].touched[i] & WRITTEN) != 0) {
                    own = streams.write(now, offset, 1 << shift);
                } else if ((pages[at].touched[i] & READ) != 0) {
                    own = streams.read(now, offset, 1 << shift);
                }
                conflict = conflict == null ? own : conflict;
            }
        }
        return conflict;
    }

    /** What was touched since the log began, which must not go on. */
    Marks marks() {
        byte[][] touched = new byte[pages.length][];
        for (int at = 0; at < pages.length; at++) {
            touched[at] = pages[at] == null ? null : pages[at].touched;
        }
        return new Marks(shift, touched);
    }

    /** What was touched since the log began. */
    Touched touched() {
        return new Touched(numBytes(READ), numBytes(WRITTEN), numSectors(READ), numSectors(WRITTEN));
    }

    private long numBytes(byte how) {
        long numGranules = 0;
        for (Page page : pages) {
            for (int i = 0; page != null && i < PAGE_GRANULES; i++) {
                numGranules += (page.touched[i] & how) == 0 ? 0 : 1;
            }
        }
        return Math.min(sizeBytes, numGranules << shift);
    }

    private long numSectors(byte how) {
        int granules = Touched.SECTOR_BYTES >> shift;
        long numSectors = 0;
        for (Page page : pages) {
            for (int first = 0; page != null && first < PAGE_GRANULES; first += granules) {
                int any = 0;
                for (int i = first; i < first + granules; i++) {
                    any |= page.touched[i];
                }
                numSectors += (any & how) == 0 ? 0 : 1;
            }
        }
        return numSectors;
    }
}
