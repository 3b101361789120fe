package io.penstock.serving.stream;

import io.netty.util.concurrent.EventExecutor;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineProxy;
import io.penstock.scheduler.engine.EngineState;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.PreparedRequest;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.openai.SamplingRequest;
import io.penstock.serving.stream.StreamFailure.Kind;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One engine for all protocols and connections. A protocol submits a request for the event loop that its connection
 * lives on, and its {@link StreamSink} is told everything there. Any thread may call.
 */
public final class StreamEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamEngine.class);

    /** Prompts up to this are prepared on the event loop: less work than the way to another thread. */
    private static final int MAX_LOOP_CHARS = 1_024;
    private static final int MAX_LOOP_TOKENS = 4_096;

    private static final int WORDS_PER_SEQ = 128;
    private static final int LEAST_WORDS = 1 << 16;
    private static final int MOST_WORDS = 1 << 22;
    private static final long IDLE_POLL_MS = 2;
    private static final long END_NS = TimeUnit.SECONDS.toNanos(2);

    private final Engine engine;
    private final EngineProxy proxy;
    private final RequestPreparer preparer;
    private final StreamLimits limits;
    private final Map<EventExecutor, EventLoopFront> fronts = new IdentityHashMap<>();
    private final ThreadPoolExecutor encoders;
    private final ConcurrentHashMap<String, List<ActiveStream>> byRequestId = new ConcurrentHashMap<>();
    private final AtomicInteger numOpen = new AtomicInteger();
    private volatile boolean isTerminated;

    /**
     * Starts the engine, which it closes in the end.
     *
     * @param observers makes an observer for each event loop
     */
    public StreamEngine(Engine engine, RequestPreparer preparer, IoThreads io, StreamLimits limits,
            Supplier<StreamObserver> observers) {
        this.engine = engine;
        this.preparer = preparer;
        this.limits = limits;
        proxy = engine.proxy();
        int numEncoders = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        AtomicInteger number = new AtomicInteger();
        encoders = new ThreadPoolExecutor(numEncoders, numEncoders, 0, TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(limits.maxEncodingRequests()), task -> Thread.ofPlatform().daemon()
                        .name("penstock-encode-" + number.incrementAndGet()).unstarted(task));
        int numWords = Math.clamp(
                (long) preparer.limits().maxNumSeqs() * WORDS_PER_SEQ, LEAST_WORDS, MOST_WORDS);
        for (EventExecutor loop : io.group()) {
            fronts.put(loop, new EventLoopFront(this, loop, numWords, observers.get()));
        }
        engine.start();
    }

    /**
     * Takes a request up. What becomes of it is told to the sink on {@code loop}, never before this returns.
     *
     * @param loop an event loop of the threads that this was made with
     * @param requestId the client's name for it; several may have the same
     * @param deadlineNs of {@link System#nanoTime}, or {@link Request#NO_DEADLINE}
     */
    public ActiveStream submit(EventExecutor loop, GenerationRequest asked, String requestId, long deadlineNs,
            StreamSink sink) {
        EventLoopFront front = fronts.get(loop);
        if (front == null) {
            throw new IllegalArgumentException("no event loop of this engine");
        }
        var stream = new ActiveStream(front, asked, requestId, deadlineNs, sink);
        numOpen.incrementAndGet();
        byRequestId.merge(requestId, List.of(stream), StreamEngine::concat);
        Rejection rejection = proxy.refusal();
        if (rejection != null) {
            front.later(() -> front.refuse(stream, failure(rejection)));
        } else if (isSmall(asked)) {
            front.later(() -> prepare(stream, front));
        } else {
            try {
                encoders.execute(() -> prepare(stream, front));
            } catch (RejectedExecutionException e) {
                front.later(() -> front.refuse(stream, failure(
                        encoders.isShutdown() ? Rejection.STOPPED : Rejection.QUEUE_FULL)));
            }
        }
        return stream;
    }

    private static List<ActiveStream> concat(List<ActiveStream> some, List<ActiveStream> more) {
        var all = new ArrayList<>(some);
        all.addAll(more);
        return List.copyOf(all);
    }

    private static boolean isSmall(GenerationRequest asked) {
        if (asked.sampling() != null && asked.sampling().constraints().demand() != null) {
            return false;
        }
        return switch (asked.prompt()) {
            case GenerationRequest.Text text -> text.text().length() <= MAX_LOOP_CHARS;
            case GenerationRequest.TokenIds ids -> ids.tokenIds().length <= MAX_LOOP_TOKENS;
            case GenerationRequest.Encoded known -> known.prompt().calls() == null;
            case GenerationRequest.Unreadable _ -> true;
            case GenerationRequest.Chat _ -> false;
        };
    }

    private void prepare(ActiveStream stream, EventLoopFront front) {
        if (stream.isOver()) {
            return;
        }
        try {
            PreparedRequest prepared = preparer.prepare(stream.asked());
            Request request = front.request(stream, prepared);
            front.execute(() -> front.begin(stream, prepared, request));
        } catch (InputException e) {
            front.execute(() -> front.refuse(stream, StreamFailure.invalid(e)));
        } catch (RuntimeException | Error e) {
            LOG.error("request {} could not be prepared", stream.requestId(), e);
            front.execute(() -> front.refuse(stream,
                    StreamFailure.of(Kind.INTERNAL, "the server failed to prepare the request")));
        }
    }

    /** Threads for what takes longer than an event loop may, such as tokenizing; rejects what is too much. */
    public Executor workers() {
        return encoders;
    }

    /** Ends all streams of that name where they are, which their sinks are told; how many there were. */
    public int abort(String requestId) {
        List<ActiveStream> streams = byRequestId.getOrDefault(requestId, List.of());
        streams.forEach(ActiveStream::abort);
        return streams.size();
    }

    /** Its name is free: before its client is told of the end. */
    void unname(ActiveStream stream) {
        byRequestId.computeIfPresent(stream.requestId(), (_, streams) -> {
            List<ActiveStream> left = streams.stream().filter(other -> other != stream).toList();
            return left.isEmpty() ? null : left;
        });
    }

    /** Its client has been told of the end. */
    void forget() {
        numOpen.decrementAndGet();
    }

    /** What a rejection means to a client. */
    StreamFailure failure(Rejection rejection) {
        return switch (rejection) {
            case QUEUE_FULL, TOO_MANY_OPEN -> StreamFailure.of(Kind.QUEUE_FULL,
                    "as many requests wait as may wait: try again later");
            case PROMPT_TOO_LONG -> StreamFailure.invalid(new InputException("the prompt is longer than the context of "
                    + modelLimits().maxModelLen() + " tokens: shorten it"));
            case NO_MASKS -> StreamFailure.invalid(new InputException(
                    "the form of an output cannot be demanded of this server: it has no room for token masks"));
            case DRAINING -> StreamFailure.of(Kind.DRAINING, "the server is shutting down: try another one");
            case STOPPED -> StreamFailure.of(Kind.UNAVAILABLE, engineFailure());
        };
    }

    /** Why the engine ended requests on its own. */
    String engineFailure() {
        if (!proxy.failure().isEmpty()) {
            return "the engine failed: " + proxy.failure();
        }
        return proxy.state() == EngineState.STOPPED ? "the engine was closed before the request was done"
                : "the engine does not answer";
    }

    /** Whether the engine will end no request any more, or is stuck in a step. */
    public boolean isEngineDead() {
        return isTerminated || proxy.state() == EngineState.FAILED
                || proxy.state() != EngineState.STOPPED && !proxy.isHealthy();
    }

    /** The scheduler's side: state, counters, cached prefixes. */
    public EngineProxy engine() {
        return proxy;
    }

    /** The engine's counters since the start. */
    public SchedulerStats stats() {
        return proxy.stats();
    }

    /** The model's text side. */
    public RequestEncoder encoder() {
        return preparer.encoder();
    }

    /** What the model's makers recommend, without a limit on the output but the context's. */
    public SamplingRequest recommendedSampling() {
        return preparer.recommended();
    }

    public ModelLimits modelLimits() {
        return preparer.limits();
    }

    public StreamLimits streamLimits() {
        return limits;
    }

    /** Requests of which the client does not know the end yet. */
    public int numOpen() {
        return numOpen.get();
    }

    /** From now on requests are refused; those that the engine has are finished. */
    public void drain() {
        proxy.drain();
    }

    /**
     * Waits until every request has been answered to its end.
     *
     * @return false if some have not within the time
     */
    public boolean awaitIdle(long timeoutNs) throws InterruptedException {
        long endNs = System.nanoTime() + timeoutNs;
        while (numOpen.get() > 0) {
            if (System.nanoTime() - endNs > 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(IDLE_POLL_MS);
        }
        return true;
    }

    /** Ends all requests after the step in progress, and gives the engine's memory back. */
    @Override
    public void close() {
        encoders.shutdownNow();
        try {
            engine.close();
        } finally {
            isTerminated = true;
            awaitEnds();
        }
    }

    /** The engine has ended all; those whose loop does not come to tell their clients are left. */
    private void awaitEnds() {
        try {
            awaitIdle(END_NS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        fronts.values().forEach(EventLoopFront::close);
    }
}
