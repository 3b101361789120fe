package io.penstock.serving.server;

import io.penstock.runtime.InputException;
import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.OutputHandler;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.engine.EngineProxy;
import io.penstock.scheduler.engine.EngineState;
import io.penstock.serving.stream.StreamEngine;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all protocols of one server share: the engine's requests, the model's name, and the health that a watch of the
 * engine's heartbeat keeps. Any thread may use it.
 */
public final class ServingCore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServingCore.class);
    private static final long WATCH_MS = 100;
    private static final long FIRST_STEP_PAUSE_NS = 200_000;
    private static final int FIRST_STEP_WORDS = 64;

    private final StreamEngine streams;
    private final ServedModel model;
    private final Throughput throughput;
    private final long startNs = System.nanoTime();
    private final List<Consumer<Health>> listeners = new CopyOnWriteArrayList<>();
    private final Thread watch = Thread.ofPlatform().daemon().name("penstock-watch").unstarted(this::watch);
    private volatile Health health = Health.SERVING;
    private volatile long lastRequestMs;
    private volatile boolean isClosed;

    /** Takes over the engine, and closes it in the end. */
    public ServingCore(StreamEngine streams, ServedModel model) {
        this.streams = streams;
        this.model = model;
        throughput = new Throughput(streams.stats());
    }

    /**
     * Runs one step, so that whatever a first step has to do is done before anybody asks, then watches the engine.
     *
     * @throws InputException if the engine fails at it
     */
    public void start() {
        EngineProxy engine = streams.engine();
        var handler = new FirstStep();
        var output = new OutputQueue(1, FIRST_STEP_WORDS, () -> { });
        int eos = model.source().eosTokenIds()[0];
        var request = new Request(0, new int[] {eos}, List.of(SamplingParams.greedy(1)), new int[0],
                Request.Options.DEFAULTS, output);
        Rejection rejection = engine.submit(request);
        while (rejection == null && !handler.isDone && engine.state() == EngineState.RUNNING) {
            if (output.poll(handler, 1) == 0) {
                LockSupport.parkNanos(FIRST_STEP_PAUSE_NS);
            }
        }
        if (!handler.isDone || !engine.failure().isEmpty()) {
            throw new InputException("the first step failed: " + (rejection == null ? engine.failure() : rejection));
        }
        watch.start();
    }

    private static final class FirstStep implements OutputHandler {
        private boolean isDone;

        @Override
        public void token(long requestId, int choice, int tokenId) {}

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {}

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {}

        @Override
        public void finished(long requestId, int choice, Finish finish) {
            isDone = true;
        }
    }

    private void watch() {
        while (!isClosed && health != Health.DEAD) {
            throughput.sample(System.nanoTime());
            if (streams.isEngineDead() && !isClosed) {
                LOG.error("{}", streams.engine().failure().isEmpty()
                        ? "the engine's step does not end" : "the engine failed: " + streams.engine().failure());
                become(Health.DEAD);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WATCH_MS));
        }
    }

    private synchronized void become(Health next) {
        if (next.compareTo(health) > 0) {
            health = next;
            listeners.forEach(listener -> listener.accept(next));
        }
    }

    public StreamEngine streams() {
        return streams;
    }

    public ServedModel model() {
        return model;
    }

    public Health health() {
        return health;
    }

    /** Tells a listener of each later change, on the thread that makes it. */
    public void onHealth(Consumer<Health> listener) {
        listeners.add(listener);
    }

    /** A client's request has come. */
    public void touch() {
        lastRequestMs = System.currentTimeMillis();
    }

    /** When a client's request last came, ms of the epoch; 0 before the first. */
    public long lastRequestMs() {
        return lastRequestMs;
    }

    /** Since it was made, ns. */
    public long uptimeNs() {
        return System.nanoTime() - startNs;
    }

    /** Output tokens a second, over the last seconds. */
    public double tokensPerSecond() {
        return throughput.tokensPerSecond();
    }

    /**
     * Refuses new requests, finishes those that were taken.
     *
     * @return whether all ended within the time
     */
    public boolean drain(long timeoutNs) throws InterruptedException {
        become(Health.DRAINING);
        streams.drain();
        return streams.awaitIdle(timeoutNs);
    }

    /** Ends what still runs, and the engine. */
    @Override
    public void close() {
        isClosed = true;
        become(Health.DRAINING);
        streams.close();
    }
}
