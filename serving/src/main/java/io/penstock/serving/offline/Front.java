package io.penstock.serving.offline;

import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.scheduler.OutputHandler;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.engine.EngineProxy;
import io.penstock.scheduler.engine.EngineState;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.PreparedRequest;
import io.penstock.serving.generation.RequestPreparer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Requests on their way through the engine, and the reader of their output. Any thread may submit; one thread reads,
 * detokenizes and looks for stop strings.
 */
final class Front implements OutputHandler {
    private static final int MAX_EVENTS = 4096;
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(100);

    /** A failed engine ends its requests at once; if it could not even do that, they are given up after this. */
    private static final long GIVE_UP_NS = TimeUnit.SECONDS.toNanos(1);

    private final Penstock penstock;
    private final EngineProxy engine;
    private final RequestPreparer preparer;
    private final OutputQueue queue;
    private final Consumer<GenerationResult> done;
    private final ConcurrentHashMap<Long, ActiveRequest> active = new ConcurrentHashMap<>();
    private volatile Thread reader;
    private long deadSinceNs;

    /** @param done takes each result, on the reader's thread */
    Front(Penstock penstock, int maxSequences, int numWords, Consumer<GenerationResult> done) {
        this.penstock = penstock;
        this.done = done;
        engine = penstock.engine();
        preparer = penstock.preparer();
        queue = new OutputQueue(maxSequences, numWords, this::wake);
    }

    void wake() {
        LockSupport.unpark(reader);
    }

    /**
     * Makes tokens and parameters of a request.
     *
     * @throws InputException if it cannot be run
     */
    ActiveRequest prepare(long index, GenerationRequest asked, GenerationListener listener) {
        PreparedRequest prepared = preparer.prepare(asked);
        Tokenizer tokenizer = preparer.encoder().tokenizer();
        return new ActiveRequest(prepared.toRequest(index, Request.NO_DEADLINE, queue), index, prepared, tokenizer,
                ActiveRequest.writers(prepared.params(), tokenizer, asked.options().skipSpecialTokens(), listener));
    }

    /** Hands a prepared request over; null if it was taken, else why not. */
    Rejection submit(ActiveRequest request) {
        active.put(request.index(), request);
        Rejection rejection = engine.submit(request.request());
        // Given up by the reader meanwhile: then it has its result already.
        boolean hasResult = rejection != null && !active.remove(request.index(), request);
        return hasResult ? null : rejection;
    }

    /** What a rejection means to the one who asked. */
    RuntimeException refusal(Rejection rejection) {
        return switch (rejection) {
            case QUEUE_FULL, TOO_MANY_OPEN -> new EngineException(
                    "the engine has as many requests waiting as may wait: try again later");
            case PROMPT_TOO_LONG -> new InputException("the prompt is longer than the context of "
                    + penstock.limits().maxModelLen() + " tokens: shorten it");
            case NO_MASKS -> new InputException("the form of an output cannot be demanded of this engine: it has no "
                    + "token masks (max_num_masks 0)");
            case DRAINING, STOPPED -> new EngineException(failure());
        };
    }

    /** Why the engine ended requests on its own. */
    String failure() {
        return engine.failure().isEmpty() ? "the engine was closed before the request was done"
                : "the engine failed: " + engine.failure();
    }

    void abort(ActiveRequest request) {
        request.cancel();
        engine.abort(request.request());
    }

    void abortAll() {
        active.values().forEach(this::abort);
    }

    /** Aborts all; that is a failure of theirs, as nobody asked for it. */
    void failAll() {
        active.values().forEach(request -> engine.abort(request.request()));
    }

    boolean isIdle() {
        return active.isEmpty();
    }

    /** Whether the engine takes requests. */
    boolean isUp() {
        return engine.state() == EngineState.RUNNING;
    }

    /** Takes what has come, or waits a little for something to come. On the reader's thread. */
    void work() {
        reader = Thread.currentThread();
        if (queue.poll(this, MAX_EVENTS) > 0) {
            deadSinceNs = 0;
            return;
        }
        if (isDead()) {
            giveUp();
        } else {
            LockSupport.parkNanos(this, PAUSE_NS);
        }
    }

    private boolean isDead() {
        if (engine.state() != EngineState.FAILED && !penstock.isTerminated()) {
            return false;
        }
        long nowNs = System.nanoTime();
        deadSinceNs = deadSinceNs == 0 ? nowNs : deadSinceNs;
        return nowNs - deadSinceNs > GIVE_UP_NS;
    }

    private void giveUp() {
        for (ActiveRequest request : active.values()) {
            if (active.remove(request.index(), request)) {
                done.accept(request.result(failure()));
            }
        }
        LockSupport.parkNanos(this, PAUSE_NS);
    }

    @Override
    public void token(long requestId, int choice, int tokenId) {
        take(requestId, choice, tokenId, null);
    }

    @Override
    public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {
        take(requestId, choice, tokenId, logprobs);
    }

    private void take(long requestId, int choice, int tokenId, LogprobsView logprobs) {
        ActiveRequest request = active.get(requestId);
        if (request != null && request.token(choice, tokenId, logprobs)) {
            engine.abort(request.request(), choice);
        }
    }

    @Override
    public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {
        ActiveRequest request = active.get(requestId);
        if (request != null) {
            request.promptLogprobs(tokenId, logprobs);
        }
    }

    @Override
    public void finished(long requestId, int choice, Finish finish) {
        ActiveRequest request = active.get(requestId);
        if (request != null && request.finished(choice, finish)) {
            active.remove(requestId);
            done.accept(request.result(failure()));
        }
    }
}
