package io.penstock.emulator.memory;

/**
 * Who touched something, and when, in 64 bits: time (32), site (20), strong (1), warp (5), lane (6). Time counts the
 * synchronisations of a launch, and is positive; a stamp of 0 is nobody's. Strong are accesses that the memory model
 * lets meet: atomic, volatile, relaxed, acquire and release. Engines, which copy and multiply while threads go on, have
 * numbers of their own.
 */
public final class Stamp {
    /** Instead of a lane: several lanes of the warp. */
    public static final int MANY_LANES = 32;

    /** Lanes from here on, with the warp, number engines. */
    private static final int FIRST_ENGINE_LANE = 33;

    /** How many engines a block may have; beyond them numbers repeat. */
    public static final int MAX_ENGINES = (64 - FIRST_ENGINE_LANE) * 32;

    private static final int MAX_SITE = (1 << 20) - 1;
    private static final long STRONG = 1L << 11;

    private Stamp() {}

    static long of(int time, int site, boolean isStrong, int warp, int lane) {
        return (long) time << 32 | (long) Math.min(site, MAX_SITE) << 12 | (isStrong ? STRONG : 0)
                | (long) warp << 6 | lane;
    }

    /** What an engine does; strong if it is atomic. */
    static long ofEngine(int time, int site, int engine, boolean isStrong) {
        int number = engine % MAX_ENGINES;
        return of(time, site, isStrong, number & 31, FIRST_ENGINE_LANE + (number >> 5));
    }

    /** Whether it is no thread's, but that of something that works for threads. */
    public static boolean isEngine(long stamp) {
        return lane(stamp) >= FIRST_ENGINE_LANE;
    }

    static int engine(long stamp) {
        return (lane(stamp) - FIRST_ENGINE_LANE) * 32 + warp(stamp);
    }

    static int time(long stamp) {
        return (int) (stamp >>> 32);
    }

    /** Index of the instruction in its program. */
    public static int site(long stamp) {
        return (int) (stamp >>> 12) & MAX_SITE;
    }

    public static boolean isStrong(long stamp) {
        return (stamp & STRONG) != 0;
    }

    static long asStrong(long stamp) {
        return stamp | STRONG;
    }

    static long withLane(long stamp, int lane) {
        return stamp & ~0x3FL | lane;
    }

    static long asWeak(long stamp) {
        return stamp & ~STRONG;
    }

    /** Index of the warp in its block. */
    public static int warp(long stamp) {
        return (int) (stamp >>> 6) & 31;
    }

    /** Index of the lane in its warp, or {@link #MANY_LANES}. */
    public static int lane(long stamp) {
        return (int) stamp & 63;
    }
}
