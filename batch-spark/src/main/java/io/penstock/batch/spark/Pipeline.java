package io.penstock.batch.spark;

import io.penstock.runtime.InputException;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.offline.GenerationResult;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;

/**
 * Inputs into an engine and outputs from it, in the order in which they are done. One thread pulls, and it alone reads
 * the inputs: each pull first hands over as many as the window takes, so that the engine has work while the puller is
 * elsewhere. Ends with an {@link EngineFailure} where the engine fails at one.
 *
 * @param <I> an input
 * @param <O> what comes of it
 */
final class Pipeline<I, O> implements Iterator<O> {
    private static final long CHECK_MS = 100;

    private final Iterator<I> inputs;
    private final Function<I, Asked<O>> ask;
    private final BiConsumer<GenerationRequest, Consumer<GenerationResult>> engine;
    private final IntSupplier window;
    private final Runnable checkpoint;
    private final BlockingQueue<InFlight<O>> done = new LinkedBlockingQueue<>();
    private int numInFlight;
    private int numChoices;
    private O next;

    /** What was made of an input. */
    sealed interface Asked<O> {
        /** An input that needs no engine. */
        record Ready<O>(O output) implements Asked<O> {}

        /**
         * Requests, at least one.
         *
         * @param answer makes the output of their results, in the requests' order; each is without an error, or its
         *     error is that it cannot be run
         */
        record Open<O>(List<GenerationRequest> requests, Function<List<GenerationResult>, O> answer)
                implements Asked<O> {}
    }

    /** The engine, not the input, is why there is no output. */
    static final class EngineFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        EngineFailure(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Requests that were handed over. */
    private static final class InFlight<O> {
        private final Asked.Open<O> asked;
        private final GenerationResult[] results;
        private final AtomicInteger numMissing;

        InFlight(Asked.Open<O> asked) {
            this.asked = asked;
            results = new GenerationResult[asked.requests.size()];
            numMissing = new AtomicInteger(results.length);
        }

        int numChoices() {
            return asked.requests.stream().mapToInt(GenerationRequest::numChoices).sum();
        }

        /** True with the last one. */
        boolean take(int index, GenerationResult result) {
            results[index] = result;
            return numMissing.decrementAndGet() == 0;
        }
    }

    /**
     * @param engine takes a request at once, or when it has a place, and tells the result once, on any thread
     * @param window choices that may be on their way now
     * @param checkpoint called now and then while it waits; what it throws ends the pull
     */
    Pipeline(Iterator<I> inputs, Function<I, Asked<O>> ask,
            BiConsumer<GenerationRequest, Consumer<GenerationResult>> engine, IntSupplier window,
            Runnable checkpoint) {
        this.inputs = inputs;
        this.ask = ask;
        this.engine = engine;
        this.window = window;
        this.checkpoint = checkpoint;
    }

    @Override
    public boolean hasNext() {
        while (next == null) {
            checkpoint.run();
            next = fill();
            if (next == null && numInFlight == 0) {
                return false;
            }
            if (next == null) {
                next = takeDone();
            }
        }
        return true;
    }

    /** Hands inputs over until the window is full; the output of one that needs no engine, or null. */
    private O fill() {
        while ((numInFlight == 0 || numChoices < window.getAsInt()) && inputs.hasNext()) {
            switch (ask.apply(inputs.next())) {
                case Asked.Ready<O>(O output) -> {
                    return output;
                }
                case Asked.Open<O> open -> submit(new InFlight<>(open));
            }
        }
        return null;
    }

    private void submit(InFlight<O> asked) {
        numInFlight++;
        numChoices += asked.numChoices();
        List<GenerationRequest> requests = asked.asked.requests;
        for (int i = 0; i < requests.size(); i++) {
            int index = i;
            engine.accept(requests.get(i), result -> {
                if (asked.take(index, result)) {
                    done.add(asked);
                }
            });
        }
    }

    /** Null if nothing was done for a moment. */
    private O takeDone() {
        InFlight<O> taken;
        try {
            taken = done.poll(CHECK_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            checkpoint.run();
            throw new EngineFailure("interrupted while waiting for an answer", e);
        }
        if (taken == null) {
            return null;
        }
        numInFlight--;
        numChoices -= taken.numChoices();
        for (GenerationResult result : taken.results) {
            if (result.error() != null && !(result.error() instanceof InputException)) {
                throw new EngineFailure(result.error().getMessage(), result.error());
            }
        }
        return taken.asked.answer.apply(Arrays.asList(taken.results));
    }

    @Override
    public O next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all inputs have been answered");
        }
        O output = next;
        next = null;
        return output;
    }
}
