package io.penstock.cli;

import io.penstock.batch.line.LineAnswers;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.response.ResponseHeader;
import io.penstock.serving.openai.response.Usage;
import java.time.Instant;
import java.util.UUID;

/** Answers as an OpenAI {@code chat.completion}. */
final class ChatAnswers {
    private ChatAnswers() {}

    static byte[] response(RequestEncoder encoder, ChatCompletionRequest request, GenerationResult result) {
        var header = new ResponseHeader("chatcmpl-" + id(), Instant.now().getEpochSecond(), encoder.source().name());
        var usage = new Usage(
                result.usage().promptTokens(), result.usage().outputTokens(), result.usage().cachedTokens());
        return LineAnswers.chat(request, result, header, usage, true, () -> "call_" + id(), encoder.tokenizer())
                .toJson();
    }

    private static String id() {
        return UUID.randomUUID().toString().replace("-", "");
    }
}
