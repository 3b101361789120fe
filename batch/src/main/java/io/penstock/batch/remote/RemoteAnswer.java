package io.penstock.batch.remote;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import io.penstock.serving.generation.ChoiceText;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.generation.PreparedRequest;
import io.penstock.serving.grpc.wire.GenerateComplete;
import io.penstock.serving.grpc.wire.OutputLogProbs;
import io.penstock.serving.grpc.wire.TopLogProbs;
import io.penstock.serving.offline.GenerationResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a worker has answered so far; its tokens become text here. */
final class RemoteAnswer {
    private static final String STOP = "stop";
    private static final String LENGTH = "length";

    private final PreparedRequest prepared;
    private final Tokenizer tokenizer;
    private final GenerateComplete[] choices;
    private final long startNs = System.nanoTime();

    RemoteAnswer(PreparedRequest prepared, Tokenizer tokenizer) {
        this.prepared = prepared;
        this.tokenizer = tokenizer;
        choices = new GenerateComplete[prepared.asked().numChoices()];
    }

    void add(GenerateComplete complete) {
        choices[complete.getIndex()] = complete;
    }

    /** Null where a choice is missing, or ended for no reason of its own. */
    GenerationResult result() {
        GenerationRequest asked = prepared.asked();
        List<GenerationResult.Choice> written = new ArrayList<>();
        int numOutput = 0;
        int numCached = Integer.MAX_VALUE;
        for (int i = 0; i < choices.length; i++) {
            GenerateComplete complete = choices[i];
            if (complete == null || !complete.getFinishReason().equals(STOP)
                    && !complete.getFinishReason().equals(LENGTH)) {
                return null;
            }
            written.add(choice(i, complete));
            numOutput += complete.getCompletionTokens();
            numCached = Math.min(numCached, complete.getCachedTokens());
        }
        var usage = new GenerationResult.Usage(prepared.prompt().tokenIds().length, numCached, numOutput, 0, 0,
                System.nanoTime() - startNs);
        return new GenerationResult(0, asked, prepared.prompt(), written, new Logprobs(), usage, null);
    }

    private GenerationResult.Choice choice(int index, GenerateComplete complete) {
        SamplingParams params = prepared.params().get(index);
        int[] ids = complete.getOutputIdsList().stream().mapToInt(Integer::intValue).toArray();
        boolean isStopped = complete.getFinishReason().equals(STOP);
        if (isStopped && !complete.hasMatchedStopStr() && ids.length > 0) {
            // The end token is an output token on the wire, and no part of the text.
            ids = Arrays.copyOf(ids, ids.length - 1);
        }
        var writer = new ChoiceText(params, tokenizer, prepared.asked().options().skipSpecialTokens());
        var text = new StringBuilder();
        for (int id : ids) {
            if (writer.matchedStop() == null) {
                writer.append(id, text);
            }
        }
        if (writer.matchedStop() == null) {
            writer.finish(text);
        }
        Logprobs logprobs = params.numLogprobs() < 0 ? null : logprobs(complete.getOutputLogprobs(), ids.length);
        return new GenerationResult.Choice(index, text.toString(), ids,
                isStopped ? FinishReason.STOP : FinishReason.LENGTH, writer.matchedStop(),
                logprobs == null ? null : logprobs.toTokenLogprobs(tokenizer), params.seed());
    }

    private static Logprobs logprobs(OutputLogProbs message, int numTokens) {
        var logprobs = new Logprobs();
        for (int i = 0; i < Math.min(numTokens, message.getTokenIdsCount()); i++) {
            logprobs.append(message.getTokenIds(i), new Received(
                    message.getTokenLogprobs(i), message.getTopLogprobs(i)));
        }
        return logprobs;
    }

    /** Ranks do not come, and are not shown for outputs. */
    private record Received(float logprob, TopLogProbs top) implements LogprobsView {
        @Override
        public int rank() {
            return 0;
        }

        @Override
        public int numTopLogprobs() {
            return top.getValuesCount();
        }

        @Override
        public int topTokenId(int index) {
            return top.getTokenIds(index);
        }

        @Override
        public float topLogprob(int index) {
            return top.getValues(index);
        }
    }
}
