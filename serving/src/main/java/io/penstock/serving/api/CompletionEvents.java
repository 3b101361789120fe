package io.penstock.serving.api;

import io.penstock.serving.openai.response.CompletionResponse;
import io.penstock.serving.openai.response.FinishReason;
import io.penstock.serving.openai.response.TokenLogprob;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.stream.ChoiceEnd;
import io.penstock.serving.stream.OutputRun;
import java.util.List;
import java.util.stream.IntStream;

/** One prompt's choices by events. */
final class CompletionEvents extends CompletionSink {
    private static final int[] NO_IDS = {};

    private final int[] numOutputTokens;
    private final int[] numCodePoints;
    private final boolean[] hasBegun;
    private int numCachedTokens;

    CompletionEvents(CompletionAnswer answer, int index) {
        super(answer, index);
        numOutputTokens = new int[numChoices()];
        numCodePoints = new int[numChoices()];
        hasBegun = new boolean[numChoices()];
    }

    @Override
    public void output(OutputRun run) {
        numOutputTokens[run.choice()] += run.tokenIds().length;
        if (!answer.request().isEchoOnly()) {
            piece(run.choice(), run.text(), run.tokenIds(), withTexts(run.logprobs()), null);
        }
    }

    @Override
    void choiceFinished(ChoiceEnd end) {
        numOutputTokens[end.choice()] = end.numOutputTokens();
        numCachedTokens = Math.max(numCachedTokens, end.numCachedTokens());
        piece(end.choice(), "", NO_IDS, null, end);
    }

    private void piece(int choice, String text, int[] tokenIds, List<TokenLogprob> scored, ChoiceEnd end) {
        boolean isFirst = !hasBegun[choice];
        hasBegun[choice] = true;
        String shown = isFirst ? echo().text() + text : text;
        List<TokenLogprob> logprobs = isFirst ? echo().logprobs() : scored;
        if (isFirst && scored != null) {
            logprobs.addAll(scored);
        }
        int offset = numCodePoints[choice];
        if (logprobs != null) {
            for (TokenLogprob token : logprobs) {
                numCodePoints[choice] += token.token().codePointCount(0, token.token().length());
            }
        }
        FinishReason reason = end == null ? null : wire(end.reason());
        var response = answer.request().response();
        answer.exchange().event(CompletionResponse.piece(answer.header(),
                new CompletionResponse.Choice(echo().answerIndex(choice), shown,
                        logprobs == null ? null : new CompletionResponse.Logprobs(logprobs, offset), reason,
                        end == null ? null : end.stopString(), echo().ids(tokenIds, isFirst), null),
                response.includeUsage(), response.continuousUsage() ? answer.usage() : null));
    }

    @Override
    Usage usage() {
        return new Usage(numPromptTokens(), IntStream.of(numOutputTokens).sum(), numCachedTokens);
    }

    @Override
    List<CompletionResponse.Choice> choices() {
        throw new IllegalStateException("the choices have gone by events");
    }
}
