package io.penstock.batch.local;

import io.penstock.batch.BatchEngine;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.offline.GenerationQueue;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.offline.Penstock;
import java.util.function.Consumer;

/** A model in this process, which it closes in the end. Nobody else should give it requests. */
public final class LocalEngine implements BatchEngine {
    private static final int SEQS_IN_FLIGHT_PER_SLOT = 2;

    /** Choices that wait in the engine however full its memory is, so that a place that falls free is taken at once. */
    private static final int LEAST_WAITING = 4;

    private final Penstock penstock;
    private final GenerationQueue queue;
    private final ModelLimits limits;
    private final SchedulerStats stats;

    public LocalEngine(Penstock penstock) {
        this.penstock = penstock;
        limits = penstock.limits();
        stats = penstock.stats();
        queue = penstock.queue(maxInFlight());
    }

    private int maxInFlight() {
        return SEQS_IN_FLIGHT_PER_SLOT * limits.maxNumSeqs();
    }

    @Override
    public void submit(GenerationRequest request, Consumer<GenerationResult> done) {
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
        return !queue.isUp();
    }

    @Override
    public void close() {
        try {
            queue.close();
        } finally {
            penstock.close();
        }
    }
}
