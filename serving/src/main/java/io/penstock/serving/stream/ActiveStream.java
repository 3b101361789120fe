package io.penstock.serving.stream;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.scheduler.OutputHandler.Finish;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import io.penstock.scheduler.Request;
import io.penstock.serving.generation.ChoiceText;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.generation.PreparedRequest;
import java.util.List;

/**
 * One request under way, from {@link StreamEngine#submit} to its end. {@link #cancel}, {@link #abort} and
 * {@link #resume} may be called from any thread; the rest belongs to its event loop.
 */
public final class ActiveStream {
    private final EventLoopFront front;
    private final GenerationRequest asked;
    private final String requestId;
    private final long deadlineNs;
    private final long arrivedNs;
    private StreamSink sink;
    private PreparedRequest prepared;
    private Request request;
    private ChoiceStream[] choices = {};
    private Logprobs promptLogprobs;
    private int numUnfinished;
    private int numPreemptions;
    private int numCachedTokens = Integer.MAX_VALUE;
    private long submittedNs;
    private long admittedNs;
    private long firstTokenNs;
    private long lastTokenNs;
    private StreamFailure failure;
    private boolean isAborted;
    private volatile boolean isOver;

    /** Whether it is in its front's list of streams to flush. */
    boolean isTouched;

    /** When the client began to take nothing, while something is kept for it; 0 while it reads. */
    private long heldSinceNs;

    ActiveStream(EventLoopFront front, GenerationRequest asked, String requestId, long deadlineNs, StreamSink sink) {
        this.front = front;
        this.asked = asked;
        this.requestId = requestId;
        this.deadlineNs = deadlineNs;
        this.sink = sink;
        arrivedNs = System.nanoTime();
        numUnfinished = asked.numChoices();
    }

    /** The client's name for it; other requests may have the same. */
    public String requestId() {
        return requestId;
    }

    /** The client is gone: ends it, and the sink is told nothing more. */
    public void cancel() {
        front.execute(() -> {
            if (!isOver) {
                isAborted = true;
                sink = NoSink.INSTANCE;
                front.abort(this);
            }
        });
    }

    /** Ends it where it is: its choices end with {@code ABORT}, and the sink is told so. */
    public void abort() {
        front.execute(() -> {
            if (!isOver) {
                isAborted = true;
                front.abort(this);
            }
        });
    }

    /** The client takes output again. */
    public void resume() {
        front.execute(() -> front.flush(this));
    }

    GenerationRequest asked() {
        return asked;
    }

    long deadlineNs() {
        return deadlineNs;
    }

    Request request() {
        return request;
    }

    boolean isAborted() {
        return isAborted;
    }

    boolean isOver() {
        return isOver;
    }

    int numChoices() {
        return choices.length;
    }

    /** It was tokenized. */
    void prepared(PreparedRequest ready, Request made, Tokenizer tokenizer) {
        prepared = ready;
        request = made;
        List<SamplingParams> params = ready.params();
        choices = new ChoiceStream[params.size()];
        boolean wantsText = sink.wantsText();
        for (int i = 0; i < choices.length; i++) {
            SamplingParams choice = params.get(i);
            boolean needsText = wantsText || !choice.stop().stopStrings().isEmpty();
            ChoiceText text = needsText
                    ? new ChoiceText(choice, tokenizer, asked.options().skipSpecialTokens()) : null;
            choices[i] = new ChoiceStream(i, text, wantsText, choice.numLogprobs() >= 0);
        }
    }

    /** The engine is about to get it. */
    void submitted(long nowNs) {
        submittedNs = nowNs;
    }

    /** The engine has it. */
    void started() {
        sink.started(prepared.prompt());
    }

    /** Takes a token; true where it completes a stop string. */
    boolean token(int choice, int tokenId, LogprobsView view, long nowNs) {
        ChoiceStream stream = choices[choice];
        if (stream.isStopped()) {
            return false;
        }
        firstTokenNs = firstTokenNs == 0 ? nowNs : firstTokenNs;
        lastTokenNs = nowNs;
        return stream.token(tokenId, view);
    }

    void promptLogprob(int tokenId, LogprobsView view) {
        if (promptLogprobs == null) {
            promptLogprobs = new Logprobs();
        }
        promptLogprobs.append(tokenId, view);
    }

    /** A choice has ended in the engine; what the client gets of it waits for {@link #flush}. */
    void finished(int choice, Finish finish, long nowNs) {
        numUnfinished--;
        numPreemptions += finish.numPreemptions();
        admittedNs = request.admittedNs();
        numCachedTokens = Math.min(numCachedTokens, finish.numCachedTokens());
        FinishReason reason = finish.reason();
        if (reason == FinishReason.DEADLINE && failure == null) {
            failure = StreamFailure.of(StreamFailure.Kind.DEADLINE, "the deadline passed before the answer was whole");
        } else if ((reason == FinishReason.ERROR || reason == FinishReason.ABORT && !isAborted
                && !choices[choice].isStopped()) && failure == null) {
            failure = StreamFailure.of(StreamFailure.Kind.UNAVAILABLE, front.engineFailure());
        }
        if (reason == FinishReason.STOP) {
            firstTokenNs = firstTokenNs == 0 ? nowNs : firstTokenNs;
            lastTokenNs = nowNs;
        }
        choices[choice].finish(finish);
    }

    /** Whether the engine has ended all choices. */
    boolean isFinished() {
        return numUnfinished == 0;
    }

    /** It gets no more: by the engine, the client or the server's bounds. */
    void fail(StreamFailure reason) {
        if (failure == null) {
            failure = reason;
        }
    }

    StreamFailure failure() {
        return failure;
    }

    /** Tokens kept for a client that does not read. */
    int numHeldTokens() {
        int numHeld = 0;
        for (ChoiceStream choice : choices) {
            numHeld += choice.numHeld();
        }
        return numHeld;
    }

    boolean isHeld() {
        return heldSinceNs != 0;
    }

    long heldSinceNs() {
        return heldSinceNs;
    }

    /**
     * Writes what there is as far as the client takes it.
     *
     * @return whether the request is over, for the client as for the engine
     */
    boolean flush(StreamObserver observer, long nowNs) {
        if (failure == null && promptLogprobs != null && hasOutput()) {
            sink.promptLogprobs(promptLogprobs);
            promptLogprobs = null;
        }
        for (int i = 0; i < choices.length && failure == null; i++) {
            ChoiceStream choice = choices[i];
            if (choice.hasOutput()) {
                if (!sink.isReady()) {
                    heldSinceNs = heldSinceNs == 0 ? nowNs : heldSinceNs;
                    return false;
                }
                observe(choice, observer, nowNs);
                choice.flush(sink);
            }
        }
        heldSinceNs = 0;
        return failure != null || isFinished();
    }

    private boolean hasOutput() {
        for (ChoiceStream choice : choices) {
            if (choice.hasOutput()) {
                return true;
            }
        }
        return false;
    }

    private static void observe(ChoiceStream choice, StreamObserver observer, long nowNs) {
        int numTokens = choice.numHeld();
        if (numTokens > 0) {
            if (choice.lastTokenNs != 0) {
                observer.tokens(numTokens, nowNs - choice.lastTokenNs);
            }
            choice.lastTokenNs = nowNs;
        }
    }

    /** Tells the client that it is over, once. */
    void end(StreamObserver observer, long nowNs) {
        if (isOver) {
            return;
        }
        isOver = true;
        if (failure != null) {
            sink.failed(failure);
        } else {
            sink.ended();
        }
        FinishReason[] reasons = new FinishReason[choices.length];
        int numOutput = 0;
        for (int i = 0; i < reasons.length; i++) {
            reasons[i] = choices[i].end() == null ? null : choices[i].end().reason();
            numOutput += choices[i].numTokens();
        }
        int numPrompt = prepared == null ? 0 : prepared.prompt().tokenIds().length;
        observer.ended(new StreamReport(requestId, failure, reasons,
                new StreamReport.Tokens(numPrompt, numCachedTokens == Integer.MAX_VALUE ? 0 : numCachedTokens,
                        numOutput, numPreemptions),
                new StreamReport.Times(arrivedNs, submittedNs, admittedNs, firstTokenNs, lastTokenNs, nowNs)));
    }
}
