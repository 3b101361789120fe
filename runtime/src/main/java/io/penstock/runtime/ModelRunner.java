package io.penstock.runtime;

/**
 * A model that is ready to run: weights, KV blocks, conv slots and sampling history on one device. Owned by one
 * thread. The caller decides which blocks and slots belong to whom; the runner only reads and writes them.
 */
public interface ModelRunner extends AutoCloseable {
    /** The sizes that everything here was allocated with. */
    ModelLimits limits();

    /**
     * Binds a conv slot to a sequence before its first step, or after a preemption.
     *
     * @param tokenIds prompt and, after a preemption, the tokens generated so far
     * @param promptLength how many of them are prompt; the rest count as output
     */
    void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens);

    /** Starts one step and returns; at most {@link #MAX_STEPS_IN_FLIGHT} may be unawaited. */
    void launch(ForwardBatch batch);

    /** The oldest step's tokens; valid until the launch after the next one. */
    StepResult await();

    @Override
    void close();

    /** Steps that may be launched and not yet awaited. */
    int MAX_STEPS_IN_FLIGHT = 2;
}
