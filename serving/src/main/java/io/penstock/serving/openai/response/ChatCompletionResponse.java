package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/**
 * The answer to a chat request that is not streamed.
 *
 * @param promptTokenIds null unless the request asked for ids
 * @param promptLogprobs null unless asked for
 */
public record ChatCompletionResponse(
        ResponseHeader header, List<Choice> choices, Usage usage, int[] promptTokenIds, PromptLogprobs promptLogprobs)
        implements JsonBody {
    /**
     * One choice.
     *
     * @param logprobs null unless asked for
     * @param stopReason the stop string that ended it; null for others
     * @param tokenIds null unless asked for
     */
    public record Choice(
            int index,
            ChatMessage message,
            List<TokenLogprob> logprobs,
            FinishReason finishReason,
            String stopReason,
            int[] tokenIds) {}

    public ChatCompletionResponse {
        choices = List.copyOf(choices);
    }

    @Override
    public void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        Json.header(json, header, "chat.completion");
        json.writeArrayFieldStart("choices");
        for (Choice choice : choices) {
            json.writeStartObject();
            json.writeNumberField("index", choice.index);
            json.writeFieldName("message");
            choice.message.writeTo(json);
            TokenLogprob.writeChat(json, choice.logprobs);
            Json.finishReason(json, choice.finishReason);
            Json.stringOrNull(json, "stop_reason", choice.stopReason);
            Json.idsIfGiven(json, "token_ids", choice.tokenIds);
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeFieldName("usage");
        usage.writeTo(json);
        Json.idsIfGiven(json, "prompt_token_ids", promptTokenIds);
        PromptLogprobs.writeIfGiven(json, promptLogprobs);
        json.writeEndObject();
    }
}
