package io.penstock.serving.api;

import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.generation.PromptEcho;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.openai.response.CompletionResponse;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.StreamFailure;
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

    final int numPromptTokens() {
        return prompt == null ? 0 : prompt.tokenIds().length;
    }

    /** What the choices say of the prompt; once it is encoded and, where asked for, scored. */
    final PromptEcho echo() {
        return new PromptEcho(answer.request(), index, prompt, promptLogprobs, api.tokenizer());
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
