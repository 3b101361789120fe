package io.penstock.serving.stream;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.penstock.scheduler.OutputHandler;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.serving.generation.PreparedRequest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop's requests and the ring through which the engine feeds them. The engine only puts words there and,
 * where the loop has not been told yet, wakes it; the loop turns what came in the meantime into one run a choice.
 */
final class EventLoopFront implements OutputHandler {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoopFront.class);

    /** Events taken before the loop looks at its sockets again. */
    private static final int MAX_EVENTS = 16_384;

    /**
     * What a stream's run costs the loop and its client: {@code bench streams} has 91,000 events a second of two
     * cores, 22 us each, and 172,000 gRPC messages. A loop waits as long as what it would write takes, so that few
     * streams have their tokens at once, and many share the loop's looks.
     */
    private static final long RUN_NS = 20_000;

    /** How often the loop looks for clients that do not read and for an engine that is dead. */
    private static final long WATCH_MS = 250;

    /** A failed engine ends its requests at once; if it could not even do that, they are given up after this. */
    private static final long GIVE_UP_NS = TimeUnit.SECONDS.toNanos(1);

    private final StreamEngine core;
    private final EventExecutor loop;
    private final OutputQueue queue;
    private final StreamLimits limits;
    private final StreamObserver observer;
    private final AtomicLong numRequests = new AtomicLong();
    private final Runnable pollSoon = this::pollSoon;
    private final Runnable poll = this::poll;
    private final Future<?> watching;

    // All below is the loop's own.
    private final LongObjectHashMap<ActiveStream> streams = new LongObjectHashMap<>();
    private final List<ActiveStream> touched = new ArrayList<>();
    private final Set<ActiveStream> held = new LinkedHashSet<>();
    private long nowNs;
    private long lastPollNs = Long.MIN_VALUE / 2;
    private long deadSinceNs;

    EventLoopFront(StreamEngine core, EventExecutor loop, int numWords, StreamObserver observer) {
        this.core = core;
        this.loop = loop;
        this.observer = observer;
        limits = core.streamLimits();
        queue = new OutputQueue(limits.maxOpenSequences(), numWords, () -> loop.execute(pollSoon));
        watching = loop.scheduleAtFixedRate(this::watch, WATCH_MS, WATCH_MS, TimeUnit.MILLISECONDS);
    }

    /** Runs something on the loop: at once where that is this thread. */
    void execute(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }

    /** Runs something on the loop, after what it does now. */
    void later(Runnable task) {
        loop.execute(task);
    }

    /** The request of a stream, for this loop's ring; from any thread. */
    Request request(ActiveStream stream, PreparedRequest prepared) {
        return prepared.toRequest(numRequests.incrementAndGet(), stream.deadlineNs(), queue);
    }

    /** Hands a tokenized request to the engine. */
    void begin(ActiveStream stream, PreparedRequest prepared, Request request) {
        if (stream.isOver()) {
            return;
        }
        stream.prepared(prepared, request, core.encoder().tokenizer());
        streams.put(request.id(), stream);
        stream.submitted(System.nanoTime());
        Rejection rejection = core.engine().submit(request);
        if (rejection != null) {
            streams.remove(request.id());
            refuse(stream, core.failure(rejection));
            return;
        }
        try {
            stream.started();
        } catch (RuntimeException e) {
            broken(stream, e);
        }
        if (stream.isAborted()) {
            core.engine().abort(request);
        }
    }

    /** Ends a stream that the engine never saw. */
    void refuse(ActiveStream stream, StreamFailure failure) {
        stream.fail(failure);
        end(stream);
    }

    /** Ends a stream's choices; the sink hears of it when they have ended. */
    void abort(ActiveStream stream) {
        if (stream.request() != null) {
            core.engine().abort(stream.request());
        }
    }

    String engineFailure() {
        return core.engineFailure();
    }

    private void pollSoon() {
        long coalesceNs = Math.min(limits.coalesceNs(), streams.size() * RUN_NS);
        long waitNs = lastPollNs + coalesceNs - System.nanoTime();
        if (waitNs > 0) {
            loop.schedule(poll, waitNs, TimeUnit.NANOSECONDS);
        } else {
            poll();
        }
    }

    private void poll() {
        nowNs = System.nanoTime();
        lastPollNs = nowNs;
        int numEvents = queue.poll(this, MAX_EVENTS);
        for (int i = 0; i < touched.size(); i++) {
            ActiveStream stream = touched.get(i);
            stream.isTouched = false;
            flush(stream);
        }
        touched.clear();
        if (numEvents == MAX_EVENTS) {
            loop.execute(poll);
        }
    }

    private void touch(ActiveStream stream) {
        if (!stream.isTouched) {
            stream.isTouched = true;
            touched.add(stream);
        }
    }

    /** Writes what a client takes, and keeps the rest within bounds. */
    void flush(ActiveStream stream) {
        if (stream.isOver()) {
            return;
        }
        try {
            if (stream.flush(observer, System.nanoTime())) {
                end(stream);
            } else if (!stream.isHeld()) {
                held.remove(stream);
            } else {
                held.add(stream);
                if (stream.numHeldTokens() > limits.maxHeldTokens()) {
                    cutOff(stream, stream.numHeldTokens() + " tokens wait to be read");
                }
            }
        } catch (RuntimeException e) {
            broken(stream, e);
        }
    }

    private void cutOff(ActiveStream stream, String why) {
        stream.fail(StreamFailure.of(StreamFailure.Kind.TOO_SLOW, "the client reads too slowly: " + why));
        end(stream);
    }

    private void broken(ActiveStream stream, RuntimeException e) {
        LOG.error("request {} failed in the server", stream.requestId(), e);
        stream.fail(StreamFailure.of(StreamFailure.Kind.INTERNAL, "the server failed to write the answer"));
        end(stream);
    }

    private void end(ActiveStream stream) {
        if (stream.isOver()) {
            return;
        }
        held.remove(stream);
        core.unname(stream);
        if (!stream.isFinished()) {
            abort(stream);
        }
        try {
            stream.end(observer, System.nanoTime());
        } catch (RuntimeException e) {
            LOG.error("the end of request {} could not be told", stream.requestId(), e);
        }
        core.forget();
    }

    /** The engine is closed, and every request has been told so. */
    void close() {
        watching.cancel(false);
    }

    private void watch() {
        long now = System.nanoTime();
        for (ActiveStream stream : List.copyOf(held)) {
            if (now - stream.heldSinceNs() > limits.slowReaderNs()) {
                cutOff(stream, "nothing was read for " + TimeUnit.NANOSECONDS.toMillis(now - stream.heldSinceNs())
                        + " ms");
            }
        }
        if (core.isEngineDead()) {
            deadSinceNs = deadSinceNs == 0 ? now : deadSinceNs;
            if (now - deadSinceNs > GIVE_UP_NS) {
                giveUp();
            }
        } else {
            deadSinceNs = 0;
        }
    }

    private void giveUp() {
        List<ActiveStream> lost = new ArrayList<>(streams.values());
        streams.clear();
        for (ActiveStream stream : lost) {
            stream.fail(StreamFailure.of(StreamFailure.Kind.UNAVAILABLE, core.engineFailure()));
            end(stream);
        }
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
        ActiveStream stream = streams.get(requestId);
        if (stream == null || stream.isOver()) {
            return;
        }
        if (stream.token(choice, tokenId, logprobs, nowNs)) {
            core.engine().abort(stream.request(), choice);
        }
        touch(stream);
    }

    @Override
    public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {
        ActiveStream stream = streams.get(requestId);
        if (stream != null && !stream.isOver()) {
            stream.promptLogprob(tokenId, logprobs);
        }
    }

    @Override
    public void finished(long requestId, int choice, Finish finish) {
        ActiveStream stream = streams.get(requestId);
        if (stream == null) {
            return;
        }
        stream.finished(choice, finish, nowNs);
        if (stream.isFinished()) {
            streams.remove(requestId);
        }
        if (!stream.isOver()) {
            touch(stream);
        }
    }
}
