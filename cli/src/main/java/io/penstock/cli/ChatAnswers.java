package io.penstock.cli;

import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.response.ChatCompletionResponse;
import io.penstock.serving.openai.response.ChatMessage;
import io.penstock.serving.openai.response.FinishReason;
import io.penstock.serving.openai.response.ResponseHeader;
import io.penstock.serving.openai.response.Usage;
import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import io.penstock.serving.output.ParsedOutput;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Answers as an OpenAI {@code chat.completion}. */
final class ChatAnswers {
    private ChatAnswers() {}

    static byte[] response(
            String model, ChatCompletionRequest request, GenerationResult result) {
        OutputFormat format = request.outputFormat(true, result.prompt().startsInThinking());
        boolean withIds = request.response().returnTokenIds();
        List<ChatCompletionResponse.Choice> choices = new ArrayList<>();
        for (GenerationResult.Choice answer : result.choices()) {
            ParsedOutput output = OutputParser.parse(format, answer.text());
            FinishReason reason = switch (answer.finishReason()) {
                case STOP -> FinishReason.STOP;
                case LENGTH, ABORT, DEADLINE -> FinishReason.LENGTH;
                case ERROR -> throw new IllegalStateException("choice " + choices.size() + " ended in an error");
            };
            choices.add(new ChatCompletionResponse.Choice(
                    answer.index(),
                    ChatMessage.of(output, () -> "call_" + id()),
                    answer.logprobs(),
                    reason.withToolCalls(!output.toolCalls().isEmpty()),
                    answer.stopString(),
                    withIds ? answer.tokenIds() : null));
        }
        var header = new ResponseHeader("chatcmpl-" + id(), Instant.now().getEpochSecond(), model);
        var usage = new Usage(
                result.usage().promptTokens(), result.usage().outputTokens(), result.usage().cachedTokens());
        return new ChatCompletionResponse(
                header, choices, usage, withIds ? result.prompt().tokenIds() : null, null).toJson();
    }

    private static String id() {
        return UUID.randomUUID().toString().replace("-", "");
    }
}
