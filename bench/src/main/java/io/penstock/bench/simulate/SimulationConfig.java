package io.penstock.bench.simulate;

import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.SchedulerConfig;

/**
 * Everything that a run follows from.
 *
 * @param seed of lengths, tokens, arrivals and aborts
 * @param numRequests all turns of conversations counted
 * @param lengthScale factor of all lengths of the scenario; 1 for the scenario itself
 * @param engine what is simulated
 * @param cost of a step on the device
 * @param checksContents whether the contents of all blocks and conv states are followed: slower, for tests
 */
public record SimulationConfig(
        Scenario scenario,
        long seed,
        int numRequests,
        double lengthScale,
        Engine engine,
        StepCost cost,
        boolean checksContents) {

    /** {@link Engine#maxQueuedRequests} where all may wait. */
    public static final int NO_QUEUE_LIMIT = Integer.MAX_VALUE;

    /**
     * The engine around the scheduler.
     *
     * @param overlaps whether a step is planned while the one before it runs
     * @param maxQueuedRequests a request is turned away when so many wait
     * @param hostNs host time of a step, before its launch
     * @param readIntervalNs time between two looks of the clients at their output; 0 for at once
     */
    public record Engine(
            ModelLimits limits,
            SchedulerConfig config,
            boolean overlaps,
            int maxQueuedRequests,
            long hostNs,
            long readIntervalNs) {
        public Engine {
            if (maxQueuedRequests < 1 || hostNs < 0 || readIntervalNs < 0) {
                throw new IllegalArgumentException("maxQueuedRequests " + maxQueuedRequests + ", hostNs " + hostNs
                        + ", readIntervalNs " + readIntervalNs);
            }
        }
    }

    public SimulationConfig {
        if (numRequests < 1) {
            throw new InputException("a run needs at least 1 request, not " + numRequests);
        }
        if (!(lengthScale > 0 && lengthScale <= 1)) {
            throw new IllegalArgumentException("lengthScale " + lengthScale);
        }
    }

    Workload workload() {
        return new Workload(scenario, seed, numRequests, lengthScale);
    }

    /** Tokens of the longest sequence that a run may come to: {@code maxModelLen} must not be less. */
    public static int maxLength(Scenario scenario, long seed, int numRequests, double lengthScale) {
        return new Workload(scenario, seed, numRequests, lengthScale).maxLength();
    }
}
