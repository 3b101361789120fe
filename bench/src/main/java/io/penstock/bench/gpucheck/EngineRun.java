package io.penstock.bench.gpucheck;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.OutputHandler;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Rejection;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An engine on the calling thread, and what came out of it for each choice of each request. */
final class EngineRun implements AutoCloseable {
    /** Sequences that are open at once at most; a front holds back the others. */
    static final int MAX_OPEN = 256;

    private static final int WORDS = 1 << 16;
    private static final int MAX_EVENTS = 1 << 12;

    private final Engine engine;
    private final OutputQueue output = new OutputQueue(MAX_OPEN, WORDS, () -> { });
    private final Outputs outputs = new Outputs();

    /** One choice of a request. */
    static final class Choice {
        final List<Integer> tokens = new ArrayList<>();
        /** How much likelier each token is than the next, in log probability; of requests that ask for two. */
        final List<Double> margins = new ArrayList<>();
        FinishReason end;
        int numEnds;
    }

    private record Key(long request, int choice) {}

    /** Takes over the runner. */
    EngineRun(ModelRunner runner) {
        engine = new Engine(runner, EngineConfig.throughput(), System::nanoTime);
    }

    Request submit(long id, int[] prompt, List<SamplingParams> choices, int[] eosTokenIds, Request.Options options) {
        Request request = new Request(id, prompt, choices, eosTokenIds, options, output);
        Rejection rejection = engine.proxy().submit(request);
        if (rejection != null) {
            throw new IllegalStateException("request " + id + " was refused: " + rejection);
        }
        for (int c = 0; c < choices.size(); c++) {
            outputs.choices.put(new Key(id, c), new Choice());
        }
        return request;
    }

    void abort(Request request) {
        engine.proxy().abort(request);
    }

    Choice choice(long id, int choice) {
        return outputs.choices.get(new Key(id, choice));
    }

    int numOpen() {
        return output.numOpenSequences();
    }

    /** One duty cycle, and all that it put out is read. */
    void step() {
        int work = engine.doWork();
        int numRead = output.poll(outputs, MAX_EVENTS);
        if (work == 0 && numRead == 0 && numOpen() > 0) {
            throw new IllegalStateException("the engine stands still with " + numOpen() + " sequences open"
                    + (failure().isEmpty() ? "" : ": " + failure()));
        }
    }

    /** Runs until all has ended and the engine has nothing left to do. */
    void finish() {
        while (numOpen() > 0) {
            step();
        }
        while (engine.doWork() > 0) {
            output.poll(outputs, MAX_EVENTS);
        }
    }

    String failure() {
        return engine.proxy().failure();
    }

    SchedulerStats stats() {
        return engine.proxy().stats();
    }

    @Override
    public void close() {
        engine.close();
    }

    private static final class Outputs implements OutputHandler {
        final Map<Key, Choice> choices = new LinkedHashMap<>();

        @Override
        public void token(long requestId, int choice, int tokenId) {
            choices.get(new Key(requestId, choice)).tokens.add(tokenId);
        }

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {
            token(requestId, choice, tokenId);
            if (logprobs.numTopLogprobs() > 1) {
                choices.get(new Key(requestId, choice)).margins
                        .add((double) logprobs.topLogprob(0) - logprobs.topLogprob(1));
            }
        }

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {}

        @Override
        public void finished(long requestId, int choice, Finish finish) {
            Choice ended = choices.get(new Key(requestId, choice));
            ended.end = finish.reason();
            ended.numEnds++;
        }
    }
}
