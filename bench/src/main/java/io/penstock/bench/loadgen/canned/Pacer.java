package io.penstock.bench.loadgen.canned;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** When the streams of one event loop write next, and when they really did. Runs on that loop alone. */
final class Pacer implements Runnable {
    private final EventLoop loop;
    private final PriorityQueue<CannedStream> streams = new PriorityQueue<>();
    private final Histogram firstNs = new Histogram(3);
    private final Histogram gapNs = new Histogram(3);
    private Future<?> timer;
    private long armedNs = Long.MAX_VALUE;
    private long numTokens;
    private volatile long stallStartNs = Long.MAX_VALUE;
    private volatile long stallEndNs = Long.MAX_VALUE;

    Pacer(EventLoop loop) {
        this.loop = loop;
    }

    EventLoop loop() {
        return loop;
    }

    /** Nothing is written between these times. */
    void stall(long startNs, long endNs) {
        stallEndNs = endNs;
        stallStartNs = startNs;
    }

    void add(CannedStream stream) {
        streams.add(stream);
        arm();
    }

    void remove(CannedStream stream) {
        streams.remove(stream);
    }

    private void arm() {
        if (!streams.isEmpty() && streams.peek().dueNs() < armedNs) {
            if (timer != null) {
                timer.cancel(false);
            }
            armedNs = streams.peek().dueNs();
            timer = loop.schedule(this, Math.max(0, armedNs - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void run() {
        timer = null;
        armedNs = Long.MAX_VALUE;
        long nowNs = System.nanoTime();
        if (nowNs >= stallStartNs && nowNs < stallEndNs) {
            armedNs = stallEndNs;
            timer = loop.schedule(this, stallEndNs - nowNs, TimeUnit.NANOSECONDS);
            return;
        }
        while (!streams.isEmpty() && streams.peek().dueNs() <= nowNs) {
            CannedStream stream = streams.poll();
            if (stream.write(this)) {
                streams.add(stream);
            }
        }
        arm();
    }

    void wroteFirst(long delayNs, int tokens) {
        firstNs.recordValue(delayNs);
        numTokens += tokens;
    }

    void wroteNext(long sinceNs, int tokens) {
        gapNs.recordValue(sinceNs);
        numTokens += tokens;
    }

    Histogram firstNs() {
        return firstNs;
    }

    Histogram gapNs() {
        return gapNs;
    }

    long numTokens() {
        return numTokens;
    }

    void forget() {
        firstNs.reset();
        gapNs.reset();
        numTokens = 0;
    }
}
