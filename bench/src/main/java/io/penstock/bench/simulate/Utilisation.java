package io.penstock.bench.simulate;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.SchedulerStats;

/** How full the steps are, each counted by its device time. */
final class Utilisation {
    private final ModelLimits limits;
    private double sequenceNs;
    private double tokenNs;
    private double blockNs;
    private double totalNs;

    Utilisation(ModelLimits limits) {
        this.limits = limits;
    }

    /**
     * Shares between 0 and 1.
     *
     * @param batchFill sequences that run, of {@code maxNumSeqs}
     * @param budgetFill tokens, of {@code maxNumBatchedTokens}
     * @param kvUse KV blocks that sequences hold
     */
    record Shares(double batchFill, double budgetFill, double kvUse) {}

    void add(long costNs, ForwardBatch batch, SchedulerStats stats) {
        totalNs += costNs;
        sequenceNs += (double) costNs * stats.numRunning() / limits.maxNumSeqs();
        tokenNs += (double) costNs * batch.numTokens() / limits.maxNumBatchedTokens();
        blockNs += (double) costNs * stats.numBlocksInUse() / limits.numKvBlocks();
    }

    Shares shares() {
        return totalNs == 0 ? new Shares(0, 0, 0)
                : new Shares(sequenceNs / totalNs, tokenNs / totalNs, blockNs / totalNs);
    }
}
