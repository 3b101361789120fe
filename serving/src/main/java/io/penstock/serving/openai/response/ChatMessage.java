package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.serving.output.ParsedOutput;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;

/**
 * The message of a choice that is not streamed.
 *
 * @param content null where there are only tool calls
 * @param reasoningContent null where there is none
 */
public record ChatMessage(String content, String reasoningContent, List<ChatToolCall.Whole> toolCalls) {
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
    }

    /** @param callIds gives each call its id */
    public static ChatMessage of(ParsedOutput output, Supplier<String> callIds) {
        List<ChatToolCall.Whole> calls = output.toolCalls().stream()
                .map(call -> new ChatToolCall.Whole(callIds.get(), call.name(), call.argumentsJson()))
                .toList();
        String content = output.content().isEmpty() && !calls.isEmpty() ? null : output.content();
        return new ChatMessage(content, output.reasoning().isEmpty() ? null : output.reasoning(), calls);
    }

    void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("role", "assistant");
        Json.stringOrNull(json, "content", content);
        json.writeNullField("refusal");
        if (reasoningContent != null) {
            json.writeStringField("reasoning_content", reasoningContent);
        }
        if (!toolCalls.isEmpty()) {
            json.writeArrayFieldStart("tool_calls");
            for (ChatToolCall call : toolCalls) {
                call.writeTo(json);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }
}
