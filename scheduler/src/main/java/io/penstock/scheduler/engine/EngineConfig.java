package io.penstock.scheduler.engine;

import io.penstock.runtime.InputException;
import io.penstock.scheduler.SchedulerConfig;

/**
 * How an engine runs.
 *
 * @param maxQueuedRequests requests that may wait to be begun; one more is rejected
 * @param overlap whether the next step is planned and launched before the last one's tokens are looked at; without it
 *     the tokens are the same and each step waits for the host
 * @param maxStepNs a step that takes longer makes the engine unhealthy, ns
 * @param closeTimeoutNs how long closing waits for the step in progress, ns
 */
public record EngineConfig(
        SchedulerConfig scheduler, int maxQueuedRequests, boolean overlap, long maxStepNs, long closeTimeoutNs) {
    /** Requests that may wait unless said otherwise. */
    public static final int DEFAULT_MAX_QUEUED_REQUESTS = 65_536;

    /** How long closing waits for a step unless said otherwise. */
    public static final long DEFAULT_CLOSE_TIMEOUT_NS = 30_000_000_000L;

    private static final long DEFAULT_MAX_STEP_NS = 60_000_000_000L;

    public EngineConfig {
        if (maxQueuedRequests < 1) {
            throw new InputException("max_queued_requests must be at least 1, not " + maxQueuedRequests);
        }
        if (maxStepNs < 1) {
            throw new InputException("max_step_ns must be at least 1, not " + maxStepNs);
        }
        if (closeTimeoutNs < 1) {
            throw new InputException("close_timeout_ns must be at least 1, not " + closeTimeoutNs);
        }
    }

    /** With {@link #DEFAULT_CLOSE_TIMEOUT_NS}. */
    public EngineConfig(SchedulerConfig scheduler, int maxQueuedRequests, boolean overlap, long maxStepNs) {
        this(scheduler, maxQueuedRequests, overlap, maxStepNs, DEFAULT_CLOSE_TIMEOUT_NS);
    }

    /** For batch jobs: the most tokens a second. */
    public static EngineConfig throughput() {
        return new EngineConfig(
                SchedulerConfig.throughput(), DEFAULT_MAX_QUEUED_REQUESTS, true, DEFAULT_MAX_STEP_NS);
    }

    /** For interactive use: short steps. */
    public static EngineConfig latency() {
        return new EngineConfig(SchedulerConfig.latency(), DEFAULT_MAX_QUEUED_REQUESTS, true, DEFAULT_MAX_STEP_NS);
    }

    public EngineConfig withOverlap(boolean enabled) {
        return new EngineConfig(scheduler, maxQueuedRequests, enabled, maxStepNs, closeTimeoutNs);
    }

    public EngineConfig withMaxQueuedRequests(int requests) {
        return new EngineConfig(scheduler, requests, overlap, maxStepNs, closeTimeoutNs);
    }

    public EngineConfig withScheduler(SchedulerConfig config) {
        return new EngineConfig(config, maxQueuedRequests, overlap, maxStepNs, closeTimeoutNs);
    }

    public EngineConfig withCloseTimeoutNs(long timeoutNs) {
        return new EngineConfig(scheduler, maxQueuedRequests, overlap, maxStepNs, timeoutNs);
    }
}
