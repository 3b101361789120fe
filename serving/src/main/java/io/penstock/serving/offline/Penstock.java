package io.penstock.serving.offline;

import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineProxy;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.RequestPreparer;
import io.penstock.serving.model.LoadedEngine;
import io.penstock.serving.model.ModelSource;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.openai.SamplingRequest;
import java.security.SecureRandom;
import java.util.Iterator;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/**
 * A model that answers requests inside this process, all of them in one continuous batch. Any thread may use it, and
 * many at once. Close it to end all requests and to give the memory back.
 *
 * <pre>{@code
 * try (Penstock penstock = Penstock.open("LiquidAI/LFM2.5-8B-A1B", ServingConfig.of(Preset.THROUGHPUT));
 *         GenerationResults results = penstock.generate(prompts.stream().map(GenerationRequest::chat).iterator())) {
 *     results.forEachRemaining(result -> save(result.index(), result.choice().text()));
 * }
 * }</pre>
 */
public final class Penstock implements AutoCloseable {
    private static final int SEQS_IN_FLIGHT_PER_SLOT = 2;

    private final RequestPreparer preparer;
    private final Engine engine;
    private volatile boolean isTerminated;

    private Penstock(RequestPreparer preparer, Engine engine) {
        this.preparer = preparer;
        this.engine = engine;
    }

    /**
     * Loads a model and starts its engine.
     *
     * @param model a checkpoint's directory, or {@code ORG/NAME[@REVISION]} in the hub cache
     * @throws io.penstock.runtime.InputException if there is no such model, it is broken, or it does not fit
     */
    public static Penstock open(String model, ServingConfig config) {
        return open(new RequestEncoder(ModelSource.of(model), null), config, _ -> { }, new SecureRandom()::nextLong);
    }

    /**
     * Loads the model of an encoder and starts its engine.
     *
     * @param layerLoaded told the number of layers read so far
     * @param seeds gives each request without a seed its own; called on any thread
     */
    public static Penstock open(
            RequestEncoder encoder, ServingConfig config, IntConsumer layerLoaded, LongSupplier seeds) {
        LoadedEngine loaded = LoadedEngine.load(encoder, config, layerLoaded);
        return start(encoder, loaded.engine(), loaded.resolved().limits(), seeds);
    }

    /**
     * Starts an engine that runs this model, or does as if, and closes it in the end.
     *
     * @param seeds as for {@link #open(RequestEncoder, ServingConfig, IntConsumer, LongSupplier)}
     */
    public static Penstock start(RequestEncoder encoder, Engine engine, ModelLimits limits, LongSupplier seeds) {
        var penstock = new Penstock(new RequestPreparer(encoder, limits, seeds), engine);
        engine.start();
        return penstock;
    }

    /** The limits that it was built with. */
    public ModelLimits limits() {
        return preparer.limits();
    }

    /** What the model's makers recommend, without a limit on the output but the context's. */
    public SamplingRequest sampling() {
        return preparer.recommended();
    }

    public RequestEncoder encoder() {
        return preparer.encoder();
    }

    /** The engine's counters since the start. */
    public SchedulerStats stats() {
        return engine.proxy().stats();
    }

    /** Answers many requests: {@link #generate(Iterator)} over each of them. */
    public GenerationResults generate(Iterable<GenerationRequest> requests) {
        return generate(requests.iterator());
    }

    /**
     * Answers many requests, in the order in which they are done. The iterator may be endless: it is read, on a thread
     * of its own, only as far as {@code 2 x maxNumSeqs} choices are on their way or wait to be taken.
     */
    public GenerationResults generate(Iterator<GenerationRequest> requests) {
        return generate(requests, SEQS_IN_FLIGHT_PER_SLOT * limits().maxNumSeqs());
    }

    /** Answers many requests with at most {@code maxInFlight} choices on their way or waiting to be taken. */
    public GenerationResults generate(Iterator<GenerationRequest> requests, int maxInFlight) {
        return GenerationResults.start(this, requests, maxInFlight);
    }

    /** Takes requests one by one, with at most {@code maxInFlight} choices on their way. */
    public GenerationQueue queue(int maxInFlight) {
        return new GenerationQueue(this, maxInFlight);
    }

    /**
     * Answers one request.
     *
     * @throws io.penstock.runtime.InputException if it cannot be run
     * @throws EngineException if the engine fails
     */
    public GenerationResult generate(GenerationRequest request) {
        return start(request, (_, _) -> { }).await();
    }

    /**
     * Submits one request, whose tokens and texts the listener gets as they come, during {@link Generation#await}.
     *
     * @throws io.penstock.runtime.InputException if it cannot be run
     * @throws EngineException if the engine cannot take it
     */
    public Generation start(GenerationRequest request, GenerationListener listener) {
        return new Generation(this, request, listener);
    }

    EngineProxy engine() {
        return engine.proxy();
    }

    RequestPreparer preparer() {
        return preparer;
    }

    /** Whether nothing comes out of the engine any more but what is in the queues. */
    boolean isTerminated() {
        return isTerminated;
    }

    /** Ends all requests, each with an {@link EngineException}, after the step in progress. */
    @Override
    public void close() {
        try {
            engine.close();
        } finally {
            isTerminated = true;
        }
    }
}
