package io.penstock.bench.engine;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.OutputHandler;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineConfig;
import io.penstock.scheduler.engine.PhaseTimes;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/**
 * An engine of which all sequences decode, driven by the calling thread. Prompts are random and of different lengths,
 * so that block ends are spread evenly over the steps, as they are in service.
 */
final class DecodingEngine implements AutoCloseable {
    private static final int VOCAB = 65_536;
    private static final int MIN_PROMPT = 736;
    private static final int MAX_MODEL_LEN = 2_048;
    private static final int PREFILL_TOKENS = 8_192;
    private static final int WORDS_PER_TOKEN = 2;
    private static final int UNREAD_TOKENS = 8;

    private final int numSeqs;
    private final Engine engine;
    private final OutputQueue output;
    private final CountingHandler handler = new CountingHandler();
    private final List<Request> requests = new ArrayList<>();
    private long numRequests;

    /** Context of a sequence in the middle of {@code numSteps} steps, on average. */
    static int meanContext(int numSteps) {
        return MIN_PROMPT + ModelLimits.BLOCK_TOKENS / 2 + numSteps / 2;
    }

    DecodingEngine(int numSeqs, boolean overlap) {
        this(numSeqs, overlap, UNREAD_TOKENS, NullRunner::new);
    }

    /**
     * Of a runner of one's own.
     *
     * @param numUnread steps whose tokens may wait to be drained
     * @param runners makes a runner of limits and a vocabulary's size
     */
    DecodingEngine(int numSeqs, boolean overlap, int numUnread, BiFunction<ModelLimits, Integer, ModelRunner> runners) {
        this.numSeqs = numSeqs;
        // A little more than all can hold: admission keeps a watermark free of what it expects.
        int numBlocks = numSeqs * (ModelLimits.blocksFor(MAX_MODEL_LEN) + 2);
        var limits = new ModelLimits(numSeqs, numSeqs + PREFILL_TOKENS, MAX_MODEL_LEN, numBlocks, 2 * numSeqs);
        engine = new Engine(runners.apply(limits, VOCAB), EngineConfig.throughput().withOverlap(overlap),
                System::nanoTime);
        output = new OutputQueue(numSeqs, numUnread * numSeqs * WORDS_PER_TOKEN, () -> {});
    }

    /** Ends what runs, submits as many new sequences as fit, and computes their prompts. */
    void restart() {
        for (Request request : requests) {
            engine.proxy().abort(request);
        }
        while (engine.doWork() > 0) {
            drain();
        }
        requests.clear();
        for (int i = 0; i < numSeqs; i++) {
            submit();
        }
        long numDecoded;
        do {
            numDecoded = engine.proxy().stats().numDecodeTokens();
            step();
            drain();
        } while (engine.proxy().stats().numDecodeTokens() - numDecoded < numSeqs);
    }

    private void submit() {
        var random = new SplittableRandom(numRequests);
        int length = MIN_PROMPT + (int) (numRequests % ModelLimits.BLOCK_TOKENS);
        int[] prompt = random.ints(length, 0, VOCAB).toArray();
        var params = SamplingParams.greedy(MAX_MODEL_LEN - length);
        var request = new Request(numRequests++, prompt, List.of(params), new int[0], Request.Options.DEFAULTS, output);
        Rejection rejection = engine.proxy().submit(request);
        if (rejection != null) {
            throw new IllegalStateException("a request was refused: " + rejection);
        }
        requests.add(request);
    }

    /** One duty cycle: the next step planned and launched, the one before taken. */
    void step() {
        if (engine.doWork() == 0) {
            throw new IllegalStateException("the engine has nothing to do: " + engine.proxy().failure());
        }
    }

    /** Reads all tokens, as a front would on its own thread. */
    void drain() {
        int numEvents = output.poll(handler, Integer.MAX_VALUE);
        while (numEvents > 0) {
            numEvents = output.poll(handler, Integer.MAX_VALUE);
        }
    }

    PhaseTimes phaseTimes() {
        return engine.proxy().phaseTimes();
    }

    long numTokens() {
        return handler.numTokens;
    }

    @Override
    public void close() {
        engine.close();
    }

    private static final class CountingHandler implements OutputHandler {
        long numTokens;
        long sum;

        @Override
        public void token(long requestId, int choice, int tokenId) {
            numTokens++;
            sum += tokenId;
        }

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {
            token(requestId, choice, tokenId);
        }

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {}

        @Override
        public void finished(long requestId, int choice, Finish finish) {}
    }
}
