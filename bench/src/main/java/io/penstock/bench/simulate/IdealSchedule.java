package io.penstock.bench.simulate;

import io.penstock.runtime.ModelLimits;

/**
 * What no scheduler can beat by more than rounding: a device that is always full of a workload's average request.
 * Every step decodes {@code r} requests' worth, and every {@code n}-th does {@code n r} requests' worth of prefill
 * beside it, so that sequences begin as fast as others end and a step costs what the same {@link StepCost} says. Evenly
 * mixed ({@code n = 1}) is best where decode is bound by memory and prefill by arithmetic; prefill in few steps where
 * few sequences decode, since each step with prefill reads all experts. {@code r} is the best that the limits allow:
 * tokens a step, sequences at once, and KV blocks held by unfinished sequences. There is no start, no end, no rounding
 * to whole blocks of a prompt, no host time, nobody waits for the next prefill, and every shared token is computed
 * once.
 *
 * @param requestsPerSecond finished
 * @param outputTokensPerSecond sampled, end tokens included
 */
record IdealSchedule(double requestsPerSecond, double outputTokensPerSecond) {
    private static final int NUM_TRIES = 200;
    private static final int MOST_STEPS_APART = 4096;
    private static final double NS_PER_SECOND = 1e9;

    static IdealSchedule of(Demand demand, ModelLimits limits, StepCost cost) {
        StepWork decode = demand.work().decodePart();
        double best = 0;
        for (int apart = 1; apart <= MOST_STEPS_APART; apart *= 2) {
            StepWork both = decode.plus(demand.work().prefillPart().times(apart));
            double most = Math.min(limits.maxNumBatchedTokens() / both.tokens(),
                    Math.min(limits.maxNumSeqs() / demand.sequenceSteps(), limits.numKvBlocks() / demand.blockSteps()));
            for (int i = 1; i <= NUM_TRIES; i++) {
                double requests = most * i / NUM_TRIES;
                double costNs = cost.costNs(both.times(requests));
                if (apart > 1) {
                    costNs += (apart - 1.0) * cost.costNs(decode.times(requests));
                }
                best = Math.max(best, apart * requests * NS_PER_SECOND / costNs);
            }
        }
        return new IdealSchedule(best, best * demand.outputTokens());
    }
}
