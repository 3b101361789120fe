package io.penstock.bench.simulate;

import io.penstock.runtime.InputException;

/**
 * A fleet and what comes to it.
 *
 * @param replica the traffic, and one of the GPUs, all of which are alike
 * @param load arrivals as a share of what perfect schedules on all GPUs would do
 */
public record FleetConfig(
        SimulationConfig replica, int numReplicas, RouterPolicy policy, double load, Failures failures) {

    /**
     * GPUs that die at random times in the middle three fifths of the run.
     *
     * @param noticedAfterNs until the router stops sending requests there, and sends elsewhere what it had sent
     * @param restartNs from then until the replica takes requests again, with an empty cache
     */
    public record Failures(int number, long noticedAfterNs, long restartNs) {
        /** Nothing dies. */
        public static final Failures NONE = new Failures(0, 0, 0);
    }

    public FleetConfig {
        if (numReplicas < 1) {
            throw new InputException("a fleet needs at least 1 GPU, not " + numReplicas);
        }
        if (!(load > 0 && load <= 2)) {
            throw new InputException("the load must be above 0 and at most 2, not " + load);
        }
        if (failures.number() < 0 || failures.number() > 0 && numReplicas < 2) {
            throw new InputException(failures.number() + " failures of " + numReplicas
                    + " GPUs: nobody would be left to take the requests");
        }
    }
}
