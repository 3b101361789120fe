package io.penstock.batch.http;

import io.netty.util.concurrent.EventExecutor;
import io.penstock.batch.BatchEngine;
import io.penstock.batch.BatchException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.scheduler.Request;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.openai.response.TokenLogprob;
import io.penstock.serving.stream.ActiveStream;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.IoThreads;
import io.penstock.serving.stream.OutputRun;
import io.penstock.serving.stream.StreamEngine;
import io.penstock.serving.stream.StreamFailure;
import io.penstock.serving.stream.StreamSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A server's engine as a batch engine. Its requests come behind those of all clients: they have a lower priority, and
 * few of them wait at a time.
 */
final class ServerEngine implements BatchEngine {
    /** Behind every priority that clients usually ask for; lower goes first. */
    private static final int PRIORITY = 1 << 20;

    private static final int LEAST_WAITING = 4;

    private final StreamEngine engine;
    private final IoThreads io;
    private final SchedulerStats stats;
    private final AtomicInteger numInFlight = new AtomicInteger();
    private final AtomicLong nextId = new AtomicLong();
    private final Set<ActiveStream> open = ConcurrentHashMap.newKeySet();
    private volatile boolean isClosed;

    ServerEngine(StreamEngine engine, IoThreads io) {
        this.engine = engine;
        this.io = io;
        stats = engine.stats();
    }

    @Override
    public void submit(GenerationRequest request, Consumer<GenerationResult> done) {
        EventExecutor loop = io.group().next();
        numInFlight.addAndGet(request.numChoices());
        var sink = new Sink(request, done);
        int priority = Math.max(PRIORITY, request.options().priority());
        ActiveStream stream = engine.submit(loop, request.withPriority(priority),
                "batch-" + Long.toHexString(System.identityHashCode(this)) + "-" + nextId.getAndIncrement(),
                Request.NO_DEADLINE, sink);
        open.add(stream);
        // The sink is told on the loop, and never before this: so it can say whose it is.
        loop.execute(() -> sink.isOf(stream));
        if (isClosed) {
            stream.abort();
        }
    }

    @Override
    public int room() {
        ModelLimits limits = engine.modelLimits();
        double usage = Math.min(1, stats.numBlocksInUse() / (double) limits.numKvBlocks());
        int mayWait = Math.max(LEAST_WAITING, (int) (limits.maxNumSeqs() * (1 - usage) / 2));
        return Math.min(limits.maxNumSeqs() - numInFlight.get(), mayWait - stats.numWaiting());
    }

    @Override
    public long capacityTokens() {
        return (long) engine.modelLimits().numKvBlocks() * ModelLimits.BLOCK_TOKENS;
    }

    @Override
    public Load load() {
        return new Load(stats.numRunning(), stats.numWaiting(),
                Math.min(1, stats.numBlocksInUse() / (double) engine.modelLimits().numKvBlocks()));
    }

    @Override
    public boolean isDead() {
        return engine.isEngineDead();
    }

    /** Ends what a batch has under way; the engine is the server's. */
    @Override
    public void close() {
        isClosed = true;
        open.forEach(ActiveStream::abort);
    }

    /** Collects one request's answer. On its event loop. */
    private final class Sink implements StreamSink {
        private final GenerationRequest request;
        private final Consumer<GenerationResult> done;
        private final List<StringBuilder> texts = new ArrayList<>();
        private final List<int[]> tokenIds = new ArrayList<>();
        private final List<List<TokenLogprob>> logprobs = new ArrayList<>();
        private final ChoiceEnd[] ends;
        private EncodedPrompt prompt;
        private Logprobs promptLogprobs = new Logprobs();
        private ActiveStream stream;
        private boolean isOver;

        Sink(GenerationRequest request, Consumer<GenerationResult> done) {
            this.request = request;
            this.done = done;
            ends = new ChoiceEnd[request.numChoices()];
            for (int i = 0; i < ends.length; i++) {
                texts.add(new StringBuilder());
                tokenIds.add(new int[0]);
                logprobs.add(request.sampling().numLogprobs() < 0 ? null : new ArrayList<>());
            }
        }

        void isOf(ActiveStream own) {
            stream = own;
            if (isOver) {
                open.remove(own);
            }
        }

        @Override
        public boolean wantsText() {
            return true;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void started(EncodedPrompt encoded) {
            prompt = encoded;
        }

        @Override
        public void promptLogprobs(Logprobs scored) {
            promptLogprobs = scored;
        }

        @Override
        public void output(OutputRun run) {
            int choice = run.choice();
            texts.get(choice).append(run.text());
            int[] before = tokenIds.get(choice);
            int[] after = Arrays.copyOf(before, before.length + run.tokenIds().length);
            System.arraycopy(run.tokenIds(), 0, after, before.length, run.tokenIds().length);
            tokenIds.set(choice, after);
            if (run.logprobs() != null) {
                Tokenizer tokenizer = engine.encoder().tokenizer();
                logprobs.get(choice).addAll(run.logprobs().toTokenLogprobs(tokenizer));
            }
        }

        @Override
        public void finished(ChoiceEnd end) {
            ends[end.choice()] = end;
        }

        @Override
        public void ended() {
            List<GenerationResult.Choice> choices = new ArrayList<>();
            int numOutput = 0;
            int numCached = Integer.MAX_VALUE;
            boolean isWhole = true;
            for (int i = 0; i < ends.length; i++) {
                ChoiceEnd end = ends[i];
                isWhole &= switch (end.reason()) {
                    case STOP, LENGTH -> true;
                    case ABORT, DEADLINE, ERROR -> false;
                };
                choices.add(new GenerationResult.Choice(i, texts.get(i).toString(), tokenIds.get(i), end.reason(),
                        end.stopString(), logprobs.get(i), 0));
                numOutput += end.numOutputTokens();
                numCached = Math.min(numCached, end.numCachedTokens());
            }
            var usage = new GenerationResult.Usage(prompt.tokenIds().length, numCached, numOutput, 0, 0, 0);
            tell(new GenerationResult(0, request, prompt, choices, promptLogprobs, usage,
                    isWhole ? null : new BatchException("the request was aborted at the server")));
        }

        @Override
        public void failed(StreamFailure failure) {
            tell(GenerationResult.failed(0, request,
                    failure.cause() != null ? failure.cause() : new BatchException(failure.message())));
        }

        private void tell(GenerationResult result) {
            isOver = true;
            if (stream != null) {
                open.remove(stream);
            }
            numInFlight.addAndGet(-request.numChoices());
            done.accept(result);
        }
    }
}
