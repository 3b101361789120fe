package io.penstock.runtime.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Long-lived threads that share out the items of one operation at a time; the calling thread is worker 0. Items must
 * write disjoint memory: which worker takes which item is not determined, the results are. Nobody waits for a worker
 * that has no item: where others want the processors too, a worker may be late by whole operations.
 */
final class WorkerPool implements AutoCloseable {
    /** One operation, cut into items that can run at the same time. */
    interface Work {
        void run(int item, int worker);
    }

    /** How long a worker without items spins before it parks: longer than the gaps between a step's operations. */
    private static final long IDLE_SPIN_NS = 200_000;

    /** Spins before the caller lets others run who may hold up the worker with the last item. */
    private static final int AWAIT_SPINS = 500;

    /** Spins between two looks at the clock. */
    private static final int SPINS_PER_LOOK = 64;

    private final Thread[] threads;

    /** Items that nobody has taken yet; below zero after a worker came in vain. */
    private final AtomicInteger numLeft = new AtomicInteger();

    private final AtomicInteger numUndone = new AtomicInteger();
    private final AtomicInteger numParked = new AtomicInteger();
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
            runAlone(work, numItems);
            return;
        }
        this.work = work;
        this.numItems = numItems;
        numUndone.set(numItems);
        numLeft.set(numItems);
        if (numParked.get() > 0) {
            for (Thread thread : threads) {
                LockSupport.unpark(thread);
            }
        }
        takeItems(0);
        awaitWorkers();
        if (failure != null) {
            throw new IllegalStateException("a CPU worker failed", failure);
        }
    }

    /** Runs all items on the calling thread: for less work than the few microseconds that sharing it takes. */
    void runAlone(Work work, int numItems) {
        for (int i = 0; i < numItems; i++) {
            work.run(i, 0);
        }
    }

    private void awaitWorkers() {
        for (int spins = 0; numUndone.get() > 0; spins++) {
            if (spins < AWAIT_SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /** A positive count is a ticket: the operation it belongs to cannot end before its item is done. */
    private void takeItems(int worker) {
        int numTaken = 0;
        for (int left = numLeft.getAndDecrement(); left > 0; left = numLeft.getAndDecrement()) {
            numTaken++;
            try {
                work.run(numItems - left, worker);
            } catch (Throwable t) {
                failure = t;
            }
        }
        if (numTaken > 0) {
            numUndone.addAndGet(-numTaken);
        }
    }

    private void serve(int worker) {
        while (!isClosed) {
            awaitItems();
            takeItems(worker);
        }
    }

    private void awaitItems() {
        long start = System.nanoTime();
        for (int spins = 1; numLeft.get() <= 0 && !isClosed; spins++) {
            if (spins % SPINS_PER_LOOK != 0 || System.nanoTime() - start < IDLE_SPIN_NS) {
                Thread.onSpinWait();
                continue;
            }
            numParked.incrementAndGet();
            while (numLeft.get() <= 0 && !isClosed) {
                LockSupport.park(this);
            }
            numParked.decrementAndGet();
            return;
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
