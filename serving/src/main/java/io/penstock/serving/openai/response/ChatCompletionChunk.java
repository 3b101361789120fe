package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/**
 * One event of a streamed chat answer. A stream sends, for each choice: {@link Delta.Role} once and first, then the
 * others, then one chunk with a finish reason; and after all choices, if usage was asked for, {@link #usageOnly}.
 *
 * @param choice null for the chunk that holds only the usage: its {@code choices} are empty
 * @param usageShown whether the field {@code usage} is there at all: the request asked for it
 * @param usage so far, or of all; null is written as such
 * @param promptTokenIds in the first chunk of a request that asked for ids; else null
 */
public record ChatCompletionChunk(
        ResponseHeader header, Choice choice, boolean usageShown, Usage usage, int[] promptTokenIds)
        implements JsonBody {
    /** What a chunk adds to a message. */
    public sealed interface Delta {
        /** The first of a choice. */
        record Role() implements Delta {}

        record Content(String text) implements Delta {}

        record Reasoning(String text) implements Delta {}

        record ToolCall(ChatToolCall call) implements Delta {}

        /** Only logprobs, ids or a finish reason. */
        record Nothing() implements Delta {}
    }

    /**
     * The part of one choice.
     *
     * @param logprobs of the tokens since the chunk before; null for none
     * @param finishReason null while it goes on
     * @param stopReason the stop string that ended it; null for others
     * @param tokenIds since the chunk before; null unless asked for
     */
    public record Choice(
            int index,
            Delta delta,
            List<TokenLogprob> logprobs,
            FinishReason finishReason,
            String stopReason,
            int[] tokenIds) {}

    /** The last chunk of a stream whose request asked for the usage. */
    public static ChatCompletionChunk usageOnly(ResponseHeader header, Usage usage) {
        return new ChatCompletionChunk(header, null, true, usage, null);
    }

    @Override
    public void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        Json.header(json, header, "chat.completion.chunk");
        json.writeArrayFieldStart("choices");
        if (choice != null) {
            writeChoice(json);
        }
        json.writeEndArray();
        if (usageShown) {
            json.writeFieldName("usage");
            if (usage == null) {
                json.writeNull();
            } else {
                usage.writeTo(json);
            }
        }
        Json.idsIfGiven(json, "prompt_token_ids", promptTokenIds);
        json.writeEndObject();
    }

    private void writeChoice(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("index", choice.index);
        json.writeObjectFieldStart("delta");
        switch (choice.delta) {
            case Delta.Role() -> {
                json.writeStringField("role", "assistant");
                json.writeStringField("content", "");
            }
            case Delta.Content(String text) -> json.writeStringField("content", text);
            case Delta.Reasoning(String text) -> json.writeStringField("reasoning_content", text);
            case Delta.ToolCall(ChatToolCall call) -> {
                json.writeArrayFieldStart("tool_calls");
                call.writeTo(json);
                json.writeEndArray();
            }
            case Delta.Nothing() -> { }
        }
        json.writeEndObject();
        TokenLogprob.writeChat(json, choice.logprobs);
        Json.finishReason(json, choice.finishReason);
        if (choice.finishReason != null) {
            Json.stringOrNull(json, "stop_reason", choice.stopReason);
        }
        Json.idsIfGiven(json, "token_ids", choice.tokenIds);
        json.writeEndObject();
    }
}
