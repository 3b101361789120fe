package io.penstock.runtime.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Long-lived threads that share out the items of one operation at a time; the calling thread is worker 0. Items must
 * write disjoint memory: which worker takes which item is not determined, the results are.
 */
final class WorkerPool implements AutoCloseable {
    /** One operation, cut into items that can run at the same time. */
    interface Work {
        void run(int item, int worker);
    }

    /** Spins before a worker parks: longer than the gap between two operations of a step. */
    private static final int SPINS = 20_000;

    private final Thread[] threads;
    private final AtomicInteger nextItem = new AtomicInteger();
    private final AtomicInteger numBusy = new AtomicInteger();
    private volatile int epoch;
    private volatile boolean isClosed;
    private volatile Throwable failure;
    private Work work;
    private int numItems;

    WorkerPool(int numWorkers) {
        threads = new Thread[numWorkers - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = Thread.ofPlatform().name("penstock-cpu-" + worker).daemon().start(() -> serve(worker));
        }
    }

    int numWorkers() {
        return threads.length + 1;
    }

    /** Runs all items and returns when the last one is done; one caller at a time. */
    void run(Work work, int numItems) {
        if (numItems <= 1 || threads.length == 0) {
            for (int i = 0; i < numItems; i++) {
                work.run(i, 0);
            }
            return;
        }
        this.work = work;
        this.numItems = numItems;
        nextItem.set(0);
        numBusy.set(threads.length);
        epoch++;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        try {
            takeItems(0);
        } finally {
            awaitWorkers();
        }
        if (failure != null) {
            throw new IllegalStateException("a CPU worker failed", failure);
        }
    }

    private void awaitWorkers() {
        for (int spins = 0; numBusy.get() > 0; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    private void takeItems(int worker) {
        for (int item = nextItem.getAndIncrement(); item < numItems; item = nextItem.getAndIncrement()) {
            work.run(item, worker);
        }
    }

    private void serve(int worker) {
        int seen = 0;
        while (!isClosed) {
            for (int spins = 0; epoch == seen && !isClosed; spins++) {
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            if (isClosed) {
                return;
            }
            seen = epoch;
            try {
                takeItems(worker);
            } catch (Throwable t) {
                failure = t;
            } finally {
                numBusy.decrementAndGet();
            }
        }
    }

    @Override
    public void close() {
        isClosed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
