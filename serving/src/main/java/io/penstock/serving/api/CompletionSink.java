package io.penstock.serving.api;

import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.openai.Prompt;
import io.penstock.serving.openai.response.CompletionResponse;
import io.penstock.serving.openai.response.PromptLogprobs;
import io.penstock.serving.openai.response.TokenLogprob;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.StreamFailure;
import java.util.ArrayList;
import java.util.List;

/** One prompt's part of the answer to a plain completion. */
abstract class CompletionSink extends AnswerSink {
    final CompletionAnswer answer;
    private final int index;
    private EncodedPrompt prompt;
    private Logprobs promptLogprobs;

    CompletionSink(CompletionAnswer answer, int index) {
        super(answer.api(), answer.exchange());
        this.answer = answer;
        this.index = index;
    }

    /** What it has used so far. */
    abstract Usage usage();

    /** The whole choices, at the end of an answer that has no events. */
    abstract List<CompletionResponse.Choice> choices();

    final int numChoices() {
        return answer.request().response().n();
    }

    /** The index in the answer of a choice of this prompt. */
    final int answerIndex(int choice) {
        return index * numChoices() + choice;
    }

    final int numPromptTokens() {
        return prompt == null ? 0 : prompt.tokenIds().length;
    }

    /** What choices begin with where the request asked for an echo; else empty. */
    final String echoedText() {
        if (!answer.request().echo()) {
            return "";
        }
        return answer.request().prompts().get(index) instanceof Prompt.Text(String text)
                && answer.request().options().truncatePromptTokens() == null
                ? text : api.tokenizer().decode(prompt.tokenIds(), false);
    }

    /** Log probabilities that choices begin with; null where the request wants none, empty without an echo. */
    final List<TokenLogprob> echoedLogprobs() {
        if (answer.request().sampling().numLogprobs() < 0) {
            return null;
        }
        List<TokenLogprob> echoed = new ArrayList<>();
        if (answer.request().echo()) {
            Tokenizer tokenizer = api.tokenizer();
            int first = prompt.tokenIds()[0];
            echoed.add(TokenLogprob.unknown(tokenizer.decode(new int[] {first}, false), tokenizer.bytes(first)));
            if (promptLogprobs != null) {
                echoed.addAll(promptLogprobs.toTokenLogprobs(tokenizer));
            }
        }
        return echoed;
    }

    /** Log probabilities of the prompt by token id; null where the request did not ask. */
    final PromptLogprobs promptLogprobsById() {
        if (answer.request().response().promptLogprobs() < 0) {
            return null;
        }
        return promptLogprobs == null
                ? new PromptLogprobs(List.of()) : promptLogprobs.toPromptLogprobs(api.tokenizer());
    }

    /** Ids of a choice; null where the request did not ask. */
    final CompletionResponse.Ids ids(int[] output, boolean withPrompt) {
        return answer.request().response().returnTokenIds()
                ? new CompletionResponse.Ids(withPrompt ? prompt.tokenIds() : null, output) : null;
    }

    @Override
    public final boolean isReady() {
        return answer.hasStarted() && super.isReady();
    }

    @Override
    public final void started(EncodedPrompt encoded) {
        prompt = encoded;
        answer.started();
    }

    @Override
    public final void promptLogprobs(Logprobs logprobs) {
        promptLogprobs = logprobs;
    }

    @Override
    public final void finished(ChoiceEnd end) {
        if (!tellIfAborted(end)) {
            choiceFinished(end);
        }
    }

    abstract void choiceFinished(ChoiceEnd end);

    @Override
    public final void ended() {
        answer.ended();
    }

    @Override
    public final void failed(StreamFailure failure) {
        answer.failed(failure);
    }
}
