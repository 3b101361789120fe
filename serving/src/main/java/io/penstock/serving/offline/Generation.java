package io.penstock.serving.offline;

import io.penstock.scheduler.Rejection;
import io.penstock.serving.generation.GenerationRequest;

/** One request under way, from {@link Penstock#start}: wait for it, or close it. */
public final class Generation implements AutoCloseable {
    private static final int NUM_WORDS = 1 << 12;

    private final Front front;
    private final ActiveRequest request;
    private GenerationResult result;

    /** @throws io.penstock.runtime.InputException if the request cannot be run */
    Generation(Penstock penstock, GenerationRequest asked, GenerationListener listener) {
        front = new Front(penstock, asked.numChoices(), NUM_WORDS, this::take);
        request = front.prepare(0, asked, listener);
        Rejection rejection = front.submit(request);
        if (rejection != null) {
            throw front.refusal(rejection);
        }
    }

    private void take(GenerationResult whole) {
        result = whole;
    }

    /** Ends it where it is, from any thread; its choices then end with {@code ABORT}, which is no failure. */
    public void cancel() {
        front.abort(request);
    }

    /**
     * Waits until all choices have ended, and tells the listener on this thread what comes. An interrupt cancels.
     *
     * @throws EngineException if the engine fails or is closed before
     */
    public GenerationResult await() {
        boolean interrupted = false;
        try {
            while (result == null) {
                if (Thread.interrupted()) {
                    interrupted = true;
                    cancel();
                }
                front.work();
            }
        } finally {
            close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (result.error() != null) {
            throw result.error();
        }
        return result;
    }

    /** Cancels it unless it is done. */
    @Override
    public void close() {
        if (result == null) {
            cancel();
        }
    }
}
