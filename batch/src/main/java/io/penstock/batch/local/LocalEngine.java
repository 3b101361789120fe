package io.penstock.batch.local;

import io.penstock.batch.BatchEngine;
import io.penstock.batch.BatchException;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.offline.GenerationQueue;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.offline.Penstock;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A model in this process, which it closes in the end. Nobody else should give it requests. */
public final class LocalEngine implements BatchEngine {
    private static final int SEQS_IN_FLIGHT_PER_SLOT = 2;

    /** Choices that wait in the engine however full its memory is, so that a place that falls free is taken at once. */
    private static final int LEAST_WAITING = 4;

    /** How long no step may end while there is work, unless another time is asked for. */
    public static final int DEFAULT_STALL_TIMEOUT_S = 600;

    private final Penstock penstock;
    private final GenerationQueue queue;
    private final ModelLimits limits;
    private final SchedulerStats stats;
    private final long stallTimeoutNs;

    /** Steps that were seen, and when there were more of them or there was nothing to do. */
    private volatile long numSteps;
    private volatile long steppedNs;
    private volatile boolean isStalled;

    public LocalEngine(Penstock penstock) {
        this(penstock, TimeUnit.SECONDS.toNanos(DEFAULT_STALL_TIMEOUT_S));
    }

    /** @param stallTimeoutNs how long no step may end while there is work */
    public LocalEngine(Penstock penstock, long stallTimeoutNs) {
        this.penstock = penstock;
        this.stallTimeoutNs = stallTimeoutNs;
        limits = penstock.limits();
        stats = penstock.stats();
        queue = penstock.queue(maxInFlight());
        steppedNs = System.nanoTime();
    }

    private int maxInFlight() {
        return SEQS_IN_FLIGHT_PER_SLOT * limits.maxNumSeqs();
    }

    @Override
    public void submit(GenerationRequest request, Consumer<GenerationResult> done) {
        if (queue.numChoices() == 0) {
            steppedNs = System.nanoTime();
        }
        queue.submit(request, done);
    }

    /** The more KV memory is free the more may wait, for they will soon be in it. */
    @Override
    public int room() {
        int inFlight = queue.numChoices();
        int waiting = Math.max(0, inFlight - stats.numRunning());
        int mayWait = Math.max(LEAST_WAITING, (int) (limits.maxNumSeqs() * (1 - kvUsage())));
        return Math.min(maxInFlight() - inFlight, mayWait - waiting);
    }

    private double kvUsage() {
        return Math.min(1, stats.numBlocksInUse() / (double) limits.numKvBlocks());
    }

    @Override
    public long capacityTokens() {
        return (long) limits.numKvBlocks() * ModelLimits.BLOCK_TOKENS;
    }

    @Override
    public Load load() {
        return new Load(stats.numRunning(), stats.numWaiting(), kvUsage());
    }

    @Override
    public boolean isDead() {
        return isStalled || !queue.isUp();
    }

    @Override
    public void requireProgress() {
        long nowNs = System.nanoTime();
        long now = stats.numSteps();
        if (now != numSteps || queue.numChoices() == 0) {
            numSteps = now;
            steppedNs = nowNs;
        } else if (nowNs - steppedNs > stallTimeoutNs) {
            isStalled = true;
            throw new BatchException("the engine has stood still for " + TimeUnit.NANOSECONDS.toSeconds(stallTimeoutNs)
                    + " s with " + queue.numChoices() + " requests under way: look at the device (nvidia-smi, dmesg),"
                    + " then run the same command again, which goes on");
        }
    }

    @Override
    public void close() {
        try {
            // First the engine, which gives up a step that hangs after a time; the queue waits for its answers.
            penstock.close();
        } finally {
            queue.close();
        }
    }
}
