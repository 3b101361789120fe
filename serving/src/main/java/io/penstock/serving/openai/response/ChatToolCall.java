package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** A tool call of an answer: a whole one in a message, or one piece of it in a delta. */
public sealed interface ChatToolCall {
    /** @param argumentsJson a JSON object as text */
    record Whole(String id, String name, String argumentsJson) implements ChatToolCall {}

    /** Begins call {@code index} of the choice; arguments follow. */
    record Start(int index, String id, String name) implements ChatToolCall {}

    /** The next piece of the arguments of call {@code index}. */
    record Arguments(int index, String delta) implements ChatToolCall {}

    /** Writes the call as one JSON object. */
    default void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        switch (this) {
            case Whole(String id, String name, String arguments) -> writeNamed(json, id, name, arguments);
            case Start(int index, String id, String name) -> {
                json.writeNumberField("index", index);
                writeNamed(json, id, name, "");
            }
            case Arguments(int index, String delta) -> {
                json.writeNumberField("index", index);
                json.writeObjectFieldStart("function");
                json.writeStringField("arguments", delta);
                json.writeEndObject();
            }
        }
        json.writeEndObject();
    }

    private static void writeNamed(JsonGenerator json, String id, String name, String arguments) throws IOException {
        json.writeStringField("id", id);
        json.writeStringField("type", "function");
        json.writeObjectFieldStart("function");
        json.writeStringField("name", name);
        json.writeStringField("arguments", arguments);
        json.writeEndObject();
    }
}
