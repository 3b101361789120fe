package io.penstock.bench.simulate;

/** How long a device is busy with a step. Must be a function of the work alone, so that a run replays from its seed. */
@FunctionalInterface
public interface StepCost {
    /** Nanoseconds of device time, at least 1; host time not included. */
    long costNs(StepWork work);
}
