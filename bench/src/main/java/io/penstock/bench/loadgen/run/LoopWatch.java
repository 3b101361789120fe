package io.penstock.bench.loadgen.run;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Watches a client's event loops: how late they are, and how much of a core they take. */
final class LoopWatch {
    private static final long BEAT_NS = 10_000_000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean SYSTEM = ManagementFactory.getOperatingSystemMXBean();

    private final List<Beat> beats = new ArrayList<>();
    private final long startNs;
    private final long startCpuNs;

    /** One loop's heartbeat; written on that loop. */
    private static final class Beat implements Runnable {
        private final Histogram latenessNs = new Histogram(3);
        private final long threadId;
        private final long startCpuNs;
        private long expectedNs;
        private ScheduledFuture<?> schedule;

        Beat(long threadId) {
            this.threadId = threadId;
            startCpuNs = THREADS.getThreadCpuTime(threadId);
            expectedNs = System.nanoTime() + BEAT_NS;
        }

        @Override
        public void run() {
            long nowNs = System.nanoTime();
            latenessNs.recordValue(Math.max(0, nowNs - expectedNs));
            expectedNs = nowNs + BEAT_NS;
        }
    }

    LoopWatch(List<? extends ScheduledExecutorService> loops) {
        startNs = System.nanoTime();
        startCpuNs = processCpuNs();
        for (ScheduledExecutorService loop : loops) {
            Beat beat = new Beat(threadId(loop));
            beat.schedule = loop.scheduleWithFixedDelay(beat, BEAT_NS, BEAT_NS, TimeUnit.NANOSECONDS);
            beats.add(beat);
        }
    }

    private static long threadId(ScheduledExecutorService loop) {
        try {
            return loop.submit(() -> Thread.currentThread().threadId()).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("an event loop has no thread", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while an event loop starts", e);
        }
    }

    private static long processCpuNs() {
        return SYSTEM instanceof com.sun.management.OperatingSystemMXBean system ? system.getProcessCpuTime() : 0;
    }

    /**
     * Ends the watch.
     *
     * @param sendLagP99Ns how late requests were sent
     * @param areBusy whether the loops never sleep
     */
    ClientCost end(long sendLagP99Ns, boolean areBusy) {
        double wallNs = System.nanoTime() - startNs;
        Histogram lateness = new Histogram(3);
        double busiest = 0;
        for (Beat beat : beats) {
            beat.schedule.cancel(false);
            lateness.add(beat.latenessNs);
            busiest = Math.max(busiest, (THREADS.getThreadCpuTime(beat.threadId) - beat.startCpuNs) / wallNs);
        }
        return new ClientCost((processCpuNs() - startCpuNs) / wallNs / Runtime.getRuntime().availableProcessors(),
                areBusy ? 0 : busiest, lateness.getValueAtPercentile(99) / 1e6, sendLagP99Ns / 1e6);
    }
}
