package io.penstock.batch.spark;

import io.penstock.scheduler.SchedulerStats;
import io.penstock.serving.offline.Penstock;

/** An engine of this executor and how many tasks use it. Guarded by {@link ExecutorEngines}. */
final class SharedEngine {
    private static final int SEQS_IN_FLIGHT_PER_SLOT = 2;

    private final Penstock penstock;
    private volatile int numTasks;
    private boolean isBroken;

    SharedEngine(Penstock penstock) {
        this.penstock = penstock;
    }

    Penstock penstock() {
        return penstock;
    }

    SchedulerStats stats() {
        return penstock.stats();
    }

    int numTasks() {
        return numTasks;
    }

    void addTask() {
        numTasks++;
    }

    void removeTask() {
        numTasks--;
    }

    boolean isBroken() {
        return isBroken;
    }

    /** It will answer nothing any more. */
    void breakDown() {
        isBroken = true;
    }

    int maxInFlight() {
        return SEQS_IN_FLIGHT_PER_SLOT * penstock.limits().maxNumSeqs();
    }

    /** Choices that each task may have on their way now: the last one has the engine to itself. */
    int share() {
        return Math.max(1, Math.ceilDiv(maxInFlight(), Math.max(1, numTasks)));
    }
}
