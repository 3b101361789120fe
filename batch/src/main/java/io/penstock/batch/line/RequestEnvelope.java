package io.penstock.batch.line;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A line of OpenAI's batch input around the body of a request, for inputs that hold bodies alone. */
public final class RequestEnvelope {
    private RequestEnvelope() {}

    /** Puts a body into a line, with the endpoint that it is for: chats have messages, completions have none. */
    public static void put(ObjectNode line, JsonNode body) {
        line.put("method", "POST");
        line.put("url", body.has("messages") ? LineReader.CHAT : LineReader.COMPLETIONS);
        line.set("body", body);
    }
}
