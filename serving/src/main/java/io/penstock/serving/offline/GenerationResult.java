package io.penstock.serving.offline;

import io.penstock.runtime.FinishReason;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.openai.response.TokenLogprob;
import java.util.List;

/**
 * What came of a request.
 *
 * @param index of the request among those of one call, from 0
 * @param prompt null where the request was refused before it became tokens
 * @param choices as far as they came; empty for a request that was refused
 * @param promptLogprobs of the prompt's tokens from the second on; empty unless asked for; not to be changed
 * @param error null if all is well; an {@link io.penstock.runtime.InputException} if the request is at fault, an
 *     {@link EngineException} if the engine is
 */
public record GenerationResult(
        long index,
        GenerationRequest request,
        EncodedPrompt prompt,
        List<Choice> choices,
        Logprobs promptLogprobs,
        Usage usage,
        RuntimeException error) {

    /**
     * One answer.
     *
     * @param text up to a stop string
     * @param tokenIds without an end token, with those of a stop string
     * @param stopString the stop string that ended it, or null
     * @param logprobs of {@code tokenIds}; null unless asked for
     * @param seed the answer can be had again with
     */
    public record Choice(
            int index,
            String text,
            int[] tokenIds,
            FinishReason finishReason,
            String stopString,
            List<TokenLogprob> logprobs,
            long seed) {}

    /**
     * What it took.
     *
     * @param promptTokens once, whatever the number of choices
     * @param cachedTokens prompt tokens that came from the prefix cache
     * @param outputTokens of all choices, end tokens included
     * @param numPreemptions how often a choice had to give way
     * @param firstTokenNs from submission to the first token or end; 0 if there was none
     * @param totalNs from submission to the last end
     */
    public record Usage(int promptTokens, int cachedTokens, int outputTokens, int numPreemptions, long firstTokenNs,
            long totalNs) {
        static final Usage NOTHING = new Usage(0, 0, 0, 0, 0, 0);
    }

    public GenerationResult {
        choices = List.copyOf(choices);
    }

    /** A request that got no answer. */
    public static GenerationResult failed(long index, GenerationRequest request, RuntimeException error) {
        return new GenerationResult(index, request, null, List.of(), new Logprobs(), Usage.NOTHING, error);
    }

    public boolean isFailed() {
        return error != null;
    }

    /** The only choice. */
    public Choice choice() {
        if (choices.size() != 1) {
            throw new IllegalStateException(choices.size() + " choices");
        }
        return choices.getFirst();
    }
}
