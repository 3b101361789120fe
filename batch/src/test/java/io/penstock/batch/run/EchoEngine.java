package io.penstock.batch.run;

import io.penstock.batch.BatchEngine;
import io.penstock.runtime.FinishReason;
import io.penstock.runtime.InputException;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.offline.GenerationResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Answers with a text made of prompt and seed, in an order by chance, on a thread of its own. May be told to fail or to
 * die, at some requests.
 */
public final class EchoEngine implements BatchEngine {
    private static final int ROOM = 8;

    private final Random random;
    private final List<Waiting> waiting = new ArrayList<>();
    private final Thread thread = Thread.ofPlatform().daemon().name("echo").unstarted(this::work);
    private Predicate<GenerationRequest> fails = request -> false;
    private Predicate<GenerationRequest> kills = request -> false;
    private boolean isDead;
    private boolean isClosed;
    private long numAnswered;

    private record Waiting(GenerationRequest request, Consumer<GenerationResult> done) {}

    /** @param seed of the order in which requests are answered */
    public EchoEngine(long seed) {
        random = new Random(seed);
        thread.start();
    }

    /** Fails, and goes on, at these requests. */
    public EchoEngine failingAt(Predicate<GenerationRequest> requests) {
        fails = requests;
        return this;
    }

    /** Dies at these requests, and of all that are under way. */
    public EchoEngine dyingAt(Predicate<GenerationRequest> requests) {
        kills = requests;
        return this;
    }

    @Override
    public void submit(GenerationRequest request, Consumer<GenerationResult> done) {
        synchronized (waiting) {
            if (!isDead && !isClosed) {
                waiting.add(new Waiting(request, done));
                waiting.notifyAll();
                return;
            }
        }
        done.accept(failed(request, new IllegalStateException("the engine is dead")));
    }

    private void work() {
        while (true) {
            List<Waiting> ended = new ArrayList<>();
            RuntimeException error = null;
            synchronized (waiting) {
                while (waiting.isEmpty() && !isClosed) {
                    try {
                        waiting.wait();
                    } catch (InterruptedException e) {
                        return;
                    }
                }
                if (isClosed && waiting.isEmpty()) {
                    return;
                }
                Waiting next = waiting.remove(random.nextInt(waiting.size()));
                ended.add(next);
                if (kills.test(next.request) || isClosed) {
                    isDead = true;
                    ended.addAll(waiting);
                    waiting.clear();
                    error = new IllegalStateException("the device is lost");
                } else if (fails.test(next.request)) {
                    error = new IllegalStateException("the numbers are none");
                } else {
                    numAnswered++;
                }
            }
            for (Waiting each : ended) {
                each.done.accept(error == null ? answer(each.request) : failed(each.request, error));
            }
        }
    }

    /** The token ids of a request's prompt. */
    public static int[] prompt(GenerationRequest request) {
        return ((GenerationRequest.Encoded) request.prompt()).prompt().tokenIds();
    }

    private static GenerationResult failed(GenerationRequest request, RuntimeException error) {
        return GenerationResult.failed(0, request, error);
    }

    private static GenerationResult answer(GenerationRequest request) {
        EncodedPrompt prompt = ((GenerationRequest.Encoded) request.prompt()).prompt();
        if (prompt.tokenIds().length > 2_000) {
            return failed(request, new InputException("the prompt is too long for an echo"));
        }
        List<GenerationResult.Choice> choices = new ArrayList<>();
        for (int i = 0; i < request.numChoices(); i++) {
            String text = Integer.toHexString(Arrays.hashCode(prompt.tokenIds())) + " " + request.sampling().seed()
                    + " " + i;
            choices.add(new GenerationResult.Choice(i, text, new int[] {1, 2}, FinishReason.STOP, null, null, 0));
        }
        return new GenerationResult(0, request, prompt, choices, new Logprobs(),
                new GenerationResult.Usage(prompt.tokenIds().length, 0, 3, 0, 0, 0), null);
    }

    @Override
    public int room() {
        synchronized (waiting) {
            return ROOM - waiting.size();
        }
    }

    @Override
    public long capacityTokens() {
        return 2_000;
    }

    @Override
    public Load load() {
        synchronized (waiting) {
            return new Load(waiting.size(), 0, 0);
        }
    }

    /** Requests that were answered. */
    public long numAnswered() {
        synchronized (waiting) {
            return numAnswered;
        }
    }

    @Override
    public boolean isDead() {
        synchronized (waiting) {
            return isDead;
        }
    }

    @Override
    public void close() {
        synchronized (waiting) {
            isClosed = true;
            waiting.notifyAll();
        }
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                thread.join();
                ended.complete(null);
            } catch (InterruptedException e) {
                ended.completeExceptionally(e);
            }
        });
        ended.join();
    }
}
