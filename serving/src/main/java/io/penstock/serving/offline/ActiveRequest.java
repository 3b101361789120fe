package io.penstock.serving.offline;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.scheduler.OutputHandler.Finish;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import io.penstock.scheduler.Request;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.generation.PreparedRequest;
import java.util.ArrayList;
import java.util.List;

/** A request in the engine and what has come of it; made on the front's side, then its reader's alone. */
final class ActiveRequest {
    private final long index;
    private final PreparedRequest prepared;
    private final Request request;
    private final Tokenizer tokenizer;
    private final ChoiceWriter[] choices;
    private final Logprobs promptLogprobs = new Logprobs();
    private final long startNs = System.nanoTime();
    private long firstTokenNs;
    private int numUnfinished;
    private int numCachedTokens = Integer.MAX_VALUE;
    private int numPreemptions;
    private volatile boolean isCancelled;

    ActiveRequest(Request request, long index, PreparedRequest prepared, Tokenizer tokenizer, ChoiceWriter[] choices) {
        this.request = request;
        this.index = index;
        this.prepared = prepared;
        this.tokenizer = tokenizer;
        this.choices = choices;
        numUnfinished = choices.length;
    }

    static ChoiceWriter[] writers(List<SamplingParams> params, Tokenizer tokenizer, boolean skipSpecial,
            GenerationListener listener) {
        ChoiceWriter[] writers = new ChoiceWriter[params.size()];
        for (int i = 0; i < writers.length; i++) {
            writers[i] = new ChoiceWriter(i, params.get(i), tokenizer, skipSpecial, listener);
        }
        return writers;
    }

    Request request() {
        return request;
    }

    long index() {
        return index;
    }

    int numChoices() {
        return choices.length;
    }

    /** The caller wants no more: aborted choices are no failure. */
    void cancel() {
        isCancelled = true;
    }

    /** True where a stop string ends the choice here. */
    boolean token(int choice, int tokenId, LogprobsView view) {
        markFirst();
        return choices[choice].token(tokenId, view);
    }

    void promptLogprobs(int tokenId, LogprobsView view) {
        promptLogprobs.append(tokenId, view);
    }

    /** True when all choices have ended. */
    boolean finished(int choice, Finish finish) {
        markFirst();
        numCachedTokens = Math.min(numCachedTokens, finish.numCachedTokens());
        numPreemptions += finish.numPreemptions();
        choices[choice].finish(finish.reason());
        numUnfinished--;
        return numUnfinished == 0;
    }

    private void markFirst() {
        if (firstTokenNs == 0) {
            firstTokenNs = System.nanoTime() - startNs;
        }
    }

    /** @param failure why the engine ended what it had no reason to end, in one line */
    GenerationResult result(String failure) {
        List<GenerationResult.Choice> written = new ArrayList<>();
        int numTokens = 0;
        boolean isBroken = false;
        for (ChoiceWriter choice : choices) {
            FinishReason reason = choice.finishReason();
            isBroken |= reason == null || reason == FinishReason.ERROR
                    || reason == FinishReason.ABORT && !isCancelled;
            numTokens += choice.numTokens();
            written.add(choice.choice());
        }
        int numCached = numCachedTokens == Integer.MAX_VALUE ? 0 : numCachedTokens;
        var usage = new GenerationResult.Usage(prepared.prompt().tokenIds().length, numCached, numTokens,
                numPreemptions, firstTokenNs, System.nanoTime() - startNs);
        return new GenerationResult(index, prepared.asked(), prepared.prompt(), written,
                promptLogprobs, usage, isBroken ? new EngineException(failure) : null);
    }
}
