package io.penstock.scheduler.engine;

import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.scheduler.memory.BlockListener;
import java.util.Objects;

/** How any thread reaches an engine. Nothing here waits for a step, except {@link #awaitDrained}. */
public final class EngineProxy {
    private final Engine engine;

    EngineProxy(Engine engine) {
        this.engine = engine;
    }

    /**
     * Hands over a request. Its tokens and its end come out of its {@link OutputQueue}: one end for each choice,
     * whatever happens.
     *
     * @return null if it was taken, else why it was not; then nothing comes out
     */
    public Rejection submit(Request request) {
        return engine.submit(request);
    }

    /** Why a request would not be taken now, whatever it asks; null if it may be. Saves preparing one in vain. */
    public Rejection refusal() {
        return engine.refusal();
    }

    /** Ends all choices of a request with {@code ABORT}, those that have not ended yet. */
    public void abort(Request request) {
        engine.command(new Engine.Abort(request, Engine.ALL_CHOICES));
    }

    /** Ends one choice of a request with {@code ABORT}: a stop string was found in its text. */
    public void abort(Request request, int choice) {
        Objects.checkIndex(choice, request.numChoices());
        engine.command(new Engine.Abort(request, choice));
    }

    /** Forgets all cached prefixes. */
    public void resetPrefixCache() {
        engine.command(new Engine.ResetPrefixCache());
    }

    /**
     * Tells a listener, on the engine's thread, of all cached prefixes and of what becomes of them, in place of the one
     * before; null ends that. While somebody listens steps may allocate.
     */
    public void listen(BlockListener listener) {
        engine.command(new Engine.Listen(listener));
    }

    /** From now on nothing is taken; what was taken is finished. */
    public void drain() {
        engine.drain();
    }

    /**
     * Waits until everything taken before {@link #drain} has ended.
     *
     * @return false if it has not within the time
     */
    public boolean awaitDrained(long timeoutNs) throws InterruptedException {
        return engine.awaitDrained(timeoutNs);
    }

    public EngineState state() {
        return engine.state();
    }

    /** Whether the engine runs and its step is not late. */
    public boolean isHealthy() {
        return engine.isHealthy();
    }

    /** Why the engine failed, in one line; empty while it has not. */
    public String failure() {
        return engine.failure();
    }

    public SchedulerStats stats() {
        return engine.stats();
    }

    public StepHistograms stepHistograms() {
        return engine.stepHistograms();
    }

    /** Steps that ran as a recorded graph. */
    public long numGraphReplays() {
        return engine.numGraphReplays();
    }

    public PhaseTimes phaseTimes() {
        return engine.phaseTimes();
    }
}
