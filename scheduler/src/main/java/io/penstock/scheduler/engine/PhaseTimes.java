package io.penstock.scheduler.engine;

/** Host time of the engine by phase, ns since its start; written by its thread, readable by all. */
public final class PhaseTimes {
    long commandsNs;
    long scheduleNs;
    long launchNs;
    long awaitNs;
    long processNs;

    /** Taking commands. */
    public long commandsNs() {
        return commandsNs;
    }

    /** Planning steps. */
    public long scheduleNs() {
        return scheduleNs;
    }

    /** Handing steps to the runner; on the CPU, computing them. */
    public long launchNs() {
        return launchNs;
    }

    /** Waiting for the runner. */
    public long awaitNs() {
        return awaitNs;
    }

    /** Taking the tokens of steps. */
    public long processNs() {
        return processNs;
    }
}
