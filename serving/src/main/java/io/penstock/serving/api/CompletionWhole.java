package io.penstock.serving.api;

import io.penstock.serving.generation.PromptEcho;
import io.penstock.serving.openai.response.CompletionResponse;
import io.penstock.serving.openai.response.TokenLogprob;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.OutputRun;
import java.util.ArrayList;
import java.util.List;

/** One prompt's choices, kept until all of the answer is there. */
final class CompletionWhole extends CompletionSink {
    private final CollectedChoices collected;

    CompletionWhole(CompletionAnswer answer, int index) {
        super(answer, index);
        collected = new CollectedChoices(numChoices(), answer.request().sampling().numLogprobs() >= 0,
                answer.request().response().returnTokenIds());
    }

    @Override
    public void output(OutputRun run) {
        if (!answer.request().isEchoOnly()) {
            collected.output(run, withTexts(run.logprobs()));
        }
    }

    @Override
    void choiceFinished(ChoiceEnd end) {
        collected.finished(end);
    }

    @Override
    Usage usage() {
        return collected.usage(numPromptTokens());
    }

    @Override
    List<CompletionResponse.Choice> choices() {
        PromptEcho echo = echo();
        List<CompletionResponse.Choice> choices = new ArrayList<>();
        for (int i = 0; i < collected.size(); i++) {
            ChoiceEnd end = collected.end(i);
            List<TokenLogprob> logprobs = echo.logprobs();
            if (logprobs != null) {
                logprobs.addAll(collected.logprobs(i));
            }
            choices.add(new CompletionResponse.Choice(echo.answerIndex(i), echo.text() + collected.text(i),
                    logprobs == null ? null : new CompletionResponse.Logprobs(logprobs, 0), wire(end.reason()),
                    end.stopString(), echo.ids(collected.tokenIds(i), true), echo.logprobsById()));
        }
        return choices;
    }
}
