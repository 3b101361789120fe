package io.penstock.runtime;

/**
 * A model that is ready to run: weights, KV blocks, conv slots, block tables, sampling history and swap space on one
 * device and its host. Owned by one thread. The caller decides which blocks and slots belong to whom; the runner only
 * reads and writes them.
 *
 * <p>Order: {@link #startSequence} and {@link #launch} take effect in the order of the calls, as in one stream, however
 * many steps are in flight; a step does its copies first, then takes over its block updates, then computes. So the
 * step after the last one that wrote a block, conv slot, snapshot or swap space may give it to another sequence, even
 * while that last one is in flight. A sequence that turns out to have ended may be in a step that was launched before
 * this was known: its row is discarded, and until that step is through it may still write to its old slot and block.
 *
 * <p>A {@link #launch} or {@link #await} that throws anything leaves the runner dead: nothing it holds is defined any
 * more, and all that may follow is {@link #close}.
 */
public interface ModelRunner extends AutoCloseable {
    /** The sizes that everything here was allocated with. */
    ModelLimits limits();

    /**
     * Binds a conv slot's sampling state to a sequence before its first step, or before the first after a preemption
     * or a swap. Block table and conv state stay as they are: the batch's block updates, copies and snapshots set them,
     * and a sequence's first position starts without history.
     *
     * @param tokenIds prompt and, after a preemption, the tokens generated so far
     * @param promptLength how many of them are prompt; the rest count as output
     */
    void startSequence(int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens);

    /**
     * Starts one step and returns; at most {@link #MAX_STEPS_IN_FLIGHT} may be unawaited. A batch without tokens does
     * its copies and block updates and gives a result of 0 rows. The batch may be filled anew when this returns.
     */
    void launch(ForwardBatch batch);

    /** The oldest step's tokens; valid until the launch after the next one. */
    StepResult await();

    /** Steps that ran as a recorded graph of a device; any thread may ask. */
    default long numGraphReplays() {
        return 0;
    }

    @Override
    void close();

    /** Steps that may be launched and not yet awaited. */
    int MAX_STEPS_IN_FLIGHT = 2;
}
