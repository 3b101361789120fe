package io.penstock.bench.simulate;

import io.penstock.runtime.ModelLimits;

/**
 * What no scheduler can beat by more than rounding: a device that is always full of a workload's average request.
 * Every step does {@code r} requests' worth of everything, prefill evenly mixed with decode, so that sequences begin
 * as fast as others end and a step costs what the same {@link StepCost} says. {@code r} is the best that the limits
 * allow: tokens a step, sequences at once, and KV blocks held by unfinished sequences. There is no start, no end, no
 * rounding to whole blocks of a prompt, no host time, and every shared token is computed once.
 *
 * @param requestsPerSecond finished
 * @param outputTokensPerSecond sampled, end tokens included
 */
record IdealSchedule(double requestsPerSecond, double outputTokensPerSecond) {
    private static final int NUM_TRIES = 200;
    private static final double NS_PER_SECOND = 1e9;

    static IdealSchedule of(Demand demand, ModelLimits limits, StepCost cost) {
        double most = Math.min(limits.maxNumBatchedTokens() / demand.work().tokens(),
                Math.min(limits.maxNumSeqs() / demand.sequenceSteps(), limits.numKvBlocks() / demand.blockSteps()));
        double best = 0;
        for (int i = 1; i <= NUM_TRIES; i++) {
            double requests = most * i / NUM_TRIES;
            best = Math.max(best, requests * NS_PER_SECOND / cost.costNs(demand.work().times(requests)));
        }
        return new IdealSchedule(best, best * demand.outputTokens());
    }
}
