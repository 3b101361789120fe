package io.penstock.bench.machine;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;

/** Counts the Java heap bytes that platform threads allocate, exactly; the counting itself allocates nothing. */
public final class AllocationMeter {
    private static final ThreadMXBean THREADS = threads();

    private AllocationMeter() {
    }

    /** Heap bytes that the calling thread has allocated since it started. */
    static long allocatedBytes() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }

    /** Heap bytes that the calling thread allocates while {@code work} runs. */
    public static long allocatedBytes(Runnable work) {
        requirePlatform(Thread.currentThread());
        long beforeBytes = allocatedBytes();
        work.run();
        return allocatedBytes() - beforeBytes;
    }

    /**
     * Heap bytes that {@code threads} together allocate from before {@code work} starts, on the calling thread, until
     * it returns. The caller counts only if it is among them. A thread that is not alive throughout is an error: its
     * count ends with it.
     */
    public static long allocatedBytes(Collection<Thread> threads, Runnable work) {
        Thread[] counted = threads.toArray(Thread[]::new);
        long[] beforeBytes = new long[counted.length];
        for (int i = 0; i < counted.length; i++) {
            requirePlatform(counted[i]);
            beforeBytes[i] = allocatedBytes(counted[i]);
        }
        work.run();
        long totalBytes = 0;
        for (int i = 0; i < counted.length; i++) {
            totalBytes += allocatedBytes(counted[i]) - beforeBytes[i];
        }
        return totalBytes;
    }

    private static long allocatedBytes(Thread thread) {
        long bytes = THREADS.getThreadAllocatedBytes(thread.threadId());
        if (bytes < 0) {
            throw new IllegalStateException("thread " + thread.getName() + " is " + thread.getState()
                    + ": only threads alive before and after can be counted");
        }
        return bytes;
    }

    private static void requirePlatform(Thread thread) {
        if (thread.isVirtual()) {
            throw new IllegalArgumentException(
                    "thread " + thread.threadId() + " is virtual: the JVM counts allocation of platform threads only");
        }
    }

    private static ThreadMXBean threads() {
        if (!(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads)
                || !threads.isThreadAllocatedMemorySupported()) {
            throw new IllegalStateException("this JVM does not count allocated bytes: run on HotSpot");
        }
        threads.setThreadAllocatedMemoryEnabled(true);
        return threads;
    }
}
