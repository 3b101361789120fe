package io.penstock.batch;

import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.offline.GenerationResult;
import java.util.function.Consumer;

/**
 * Answers requests: a model in this process, or workers elsewhere. Any thread may use it, and several jobs at once. A
 * request's answer does not depend on what else is under way, nor on which engine gives it.
 */
public interface BatchEngine extends AutoCloseable {
    /**
     * Hands a request over and returns at once. {@code done} is told once, on any thread, what came of it, and must
     * return at once: a result without an error; with an {@link io.penstock.runtime.InputException}, which is the
     * request's fault and final; or with another exception, which is the engine's and may be tried again.
     */
    void submit(GenerationRequest request, Consumer<GenerationResult> done);

    /**
     * How many more choices it can use now: enough to keep it busy, by the memory that is free and what waits already.
     * Changes from step to step; 0 or less says wait. A job may give it one request more than that.
     */
    int room();

    /** Prompt tokens that it has memory for: what is worth to be read ahead. */
    long capacityTokens();

    /** What it is doing. */
    Load load();

    /** Whether it will answer nothing any more; all that was submitted has got its result or will. */
    boolean isDead();

    /**
     * Asked now and then by one thread while requests are under way, for an engine that hangs can tell nobody.
     *
     * @throws BatchException if it has stood still for longer than it may
     */
    default void requireProgress() {}

    /** Ends what is under way, with errors that are the engine's. */
    @Override
    void close();

    /**
     * What an engine is doing, for a person or a dashboard.
     *
     * @param running choices in its steps
     * @param waiting choices that wait for memory
     * @param kvUsage the share of its KV memory that is in use
     */
    record Load(int running, int waiting, double kvUsage) {}
}
