package io.penstock.runtime.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;

/** Tool calls of earlier turns: OpenAI's clients send their arguments as a JSON string, templates want the object. */
final class ToolCallArguments {
    private static final ObjectMapper JSON =
        new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private ToolCallArguments() {
    }

    /**
     * The messages with each string of arguments parsed; the given ones stay as they are.
     *
     * @throws InputException if a string is not a JSON object
     */
    static JsonNode parsed(JsonNode messages) {
        if (messages == null || !messages.isArray()) {
            return messages;
        }
        JsonNode copy = messages.deepCopy();
        for (int i = 0; i < copy.size(); i++) {
            JsonNode calls = copy.get(i).path("tool_calls");
            for (int j = 0; j < calls.size(); j++) {
                JsonNode call = calls.path(j);
                JsonNode function = call.path("function").isObject() ? call.get("function") : call;
                if (function instanceof ObjectNode object && object.path("arguments").isTextual()) {
                    String where = "messages[" + i + "].tool_calls[" + j + "].function.arguments";
                    object.set("arguments", parsed(object.get("arguments").textValue(), where));
                }
            }
        }
        return copy;
    }

    private static JsonNode parsed(String arguments, String where) {
        if (arguments.isBlank()) {
            return JSON.createObjectNode();
        }
        try {
            JsonNode parsed = JSON.readTree(arguments);
            if (parsed.isObject()) {
                return parsed;
            }
            if (parsed.isNull()) {
                return JSON.createObjectNode();
            }
        } catch (JsonProcessingException e) {
            throw new InputException(where + ": the string is not valid JSON; give a JSON object", e);
        }
        throw new InputException(where + ": the string is not a JSON object; give one");
    }
}
