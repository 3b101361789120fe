package io.penstock.serving.generation;

import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.openai.CompletionRequest;
import io.penstock.serving.openai.Prompt;
import io.penstock.serving.openai.response.CompletionResponse;
import io.penstock.serving.openai.response.PromptLogprobs;
import io.penstock.serving.openai.response.TokenLogprob;
import java.util.ArrayList;
import java.util.List;

/**
 * What the choices of a plain completion say of their prompt: its text, its tokens and their log probabilities, each
 * where the request asks for it.
 *
 * @param index of the prompt among those of the request
 * @param prompt as it was encoded
 * @param promptLogprobs of its tokens from the second on; null or empty where there are none
 */
public record PromptEcho(CompletionRequest request, int index, EncodedPrompt prompt, Logprobs promptLogprobs,
        Tokenizer tokenizer) {

    /** The index in the answer of a choice of this prompt. */
    public int answerIndex(int choice) {
        return index * request.response().n() + choice;
    }

    /** What choices begin with where the request asked for an echo; else empty. */
    public String text() {
        if (!request.echo()) {
            return "";
        }
        return request.prompts().get(index) instanceof Prompt.Text(String text)
                && request.options().truncatePromptTokens() == null
                ? text : tokenizer.decode(prompt.tokenIds(), false);
    }

    /** Log probabilities that choices begin with; null where the request wants none, empty without an echo. */
    public List<TokenLogprob> logprobs() {
        if (request.sampling().numLogprobs() < 0) {
            return null;
        }
        List<TokenLogprob> echoed = new ArrayList<>();
        if (request.echo()) {
            int first = prompt.tokenIds()[0];
            echoed.add(TokenLogprob.unknown(tokenizer.decode(new int[] {first}, false), tokenizer.bytes(first)));
            if (promptLogprobs != null) {
                echoed.addAll(promptLogprobs.toTokenLogprobs(tokenizer));
            }
        }
        return echoed;
    }

    /** Log probabilities of the prompt by token id; null where the request did not ask. */
    public PromptLogprobs logprobsById() {
        if (request.response().promptLogprobs() < 0) {
            return null;
        }
        return promptLogprobs == null ? new PromptLogprobs(List.of()) : promptLogprobs.toPromptLogprobs(tokenizer);
    }

    /** Ids of a choice; null where the request did not ask. */
    public CompletionResponse.Ids ids(int[] output, boolean withPrompt) {
        return request.response().returnTokenIds()
                ? new CompletionResponse.Ids(withPrompt ? prompt.tokenIds() : null, output) : null;
    }
}
