package io.penstock.scheduler.engine;

/** What an engine does with requests. */
public enum EngineState {
    /** Takes and runs them. */
    RUNNING,
    /** Runs those that it has, takes no more. */
    DRAINING,
    /** The runner or the scheduler has failed: all have been ended with {@code ERROR}. */
    FAILED,
    /** Closed. */
    STOPPED
}
