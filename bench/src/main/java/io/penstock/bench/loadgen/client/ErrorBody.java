package io.penstock.bench.loadgen.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** What a server says of a refusal. */
final class ErrorBody {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int MAX_CHARS = 300;

    private ErrorBody() {}

    /** The message in an answer's body, as OpenAI's API and others have it, else the body, in one line. */
    static String message(String body) {
        String text = body;
        try {
            JsonNode error = JSON.readTree(body);
            for (String key : new String[] {"error", "detail", "message"}) {
                JsonNode value = error.path(key);
                if (value.isTextual()) {
                    text = value.textValue();
                } else if (value.path("message").isTextual()) {
                    text = value.path("message").textValue();
                }
            }
        } catch (JsonProcessingException e) {
            text = body;
        }
        String line = text.strip().replaceAll("\\s+", " ");
        return line.isEmpty() ? "(no reason)"
                : line.length() <= MAX_CHARS ? line : line.substring(0, MAX_CHARS) + " …";
    }
}
