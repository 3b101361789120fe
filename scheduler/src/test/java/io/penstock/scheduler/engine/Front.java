package io.penstock.scheduler.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.scheduler.OutputHandler;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A client of an engine: makes requests, reads what comes out, and notices what comes twice or too late. */
final class Front implements OutputHandler {
    /** Of one choice. */
    static final class Output {
        final List<Integer> tokens = new ArrayList<>();
        volatile Finish finish;
    }

    private static final AtomicLong IDS = new AtomicLong();

    final OutputQueue queue;
    private final Semaphore signals = new Semaphore(0);
    private final Map<Long, Output[]> outputs = new ConcurrentHashMap<>();
    private volatile String complaint = "";
    volatile long numFinished;

    Front(int maxSequences, int numWords) {
        queue = new OutputQueue(maxSequences, numWords, signals::release);
    }

    static SamplingParams params(long seed, int maxTokens) {
        return new SamplingParams(0, TokenFilters.NONE, Penalties.NONE, TokenConstraints.NONE,
                StopConditions.afterTokens(maxTokens), seed, -1);
    }

    static int[] prompt(long seed, int length) {
        return new Random(seed).ints(length, 0, FakeRunner.VOCAB).toArray();
    }

    Request request(long seed, int promptLength, int maxTokens) {
        return request(prompt(seed, promptLength), Request.Options.DEFAULTS, params(seed, maxTokens));
    }

    Request request(int[] prompt, Request.Options options, SamplingParams... choices) {
        long id = IDS.incrementAndGet();
        Output[] forRequest = new Output[choices.length];
        Arrays.setAll(forRequest, choice -> new Output());
        outputs.put(id, forRequest);
        return new Request(id, prompt, List.of(choices), new int[0], options, queue);
    }

    Output output(Request request) {
        return output(request, 0);
    }

    Output output(Request request, int choice) {
        return outputs.get(request.id())[choice];
    }

    boolean hasEnded(Request request) {
        return Arrays.stream(outputs.get(request.id())).allMatch(output -> output.finish != null);
    }

    void assertEnded(Request request, FinishReason reason) {
        for (int choice = 0; choice < request.numChoices(); choice++) {
            Finish finish = output(request, choice).finish;
            assertTrue(finish != null, () -> "request " + request.id() + " has not ended");
            assertEquals(reason, finish.reason());
        }
    }

    /** That it has all the tokens that the fake model gives. */
    void assertComplete(Request request, long seed, int promptLength, int maxTokens) {
        assertEnded(request, FinishReason.LENGTH);
        int[] prompt = prompt(seed, promptLength);
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < maxTokens; i++) {
            expected.add(FakeRunner.token(prompt, seed, i));
        }
        assertEquals(expected, output(request).tokens);
    }

    /** Reads what is there. */
    int read() {
        int numEvents = 0;
        for (int n = queue.poll(this, 64); n > 0; n = queue.poll(this, 64)) {
            numEvents += n;
        }
        assertEquals("", complaint);
        return numEvents;
    }

    /** Reads, sleeping until it is told of more, until the requests have ended; that fails after a while. */
    void readUntilEnded(List<Request> requests, long timeoutMs) throws InterruptedException {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        while (true) {
            read();
            if (requests.stream().allMatch(this::hasEnded)) {
                return;
            }
            assertTrue(signals.tryAcquire(Math.max(0, deadlineNs - System.nanoTime()), TimeUnit.NANOSECONDS),
                    () -> requests.stream().filter(request -> !hasEnded(request)).count() + " of " + requests.size()
                            + " requests have not ended after " + timeoutMs + " ms");
        }
    }

    @Override
    public void token(long requestId, int choice, int tokenId) {
        Output output = outputs.get(requestId)[choice];
        if (output.finish != null) {
            complaint = "a token of request " + requestId + " after its end";
        }
        output.tokens.add(tokenId);
    }

    @Override
    public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {
        token(requestId, choice, tokenId);
    }

    @Override
    public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {
        if (output(requestId).finish != null) {
            complaint = "a log probability of request " + requestId + " after its end";
        }
    }

    private Output output(long requestId) {
        return outputs.get(requestId)[0];
    }

    @Override
    public void finished(long requestId, int choice, Finish finish) {
        Output output = outputs.get(requestId)[choice];
        if (output.finish != null) {
            complaint = "request " + requestId + " choice " + choice + " has ended twice";
        }
        output.finish = finish;
        numFinished++;
    }
}
