package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/**
 * Tokens that a request used, over all its choices.
 *
 * @param cachedTokens prompt tokens that came from the prefix cache; {@link #UNTOLD} leaves them out
 */
public record Usage(int promptTokens, int completionTokens, int cachedTokens) implements JsonBody {
    /** For answers that must not differ from run to run: what the cache holds does. */
    public static final int UNTOLD = -1;

    @Override
    public void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("prompt_tokens", promptTokens);
        json.writeNumberField("completion_tokens", completionTokens);
        json.writeNumberField("total_tokens", promptTokens + completionTokens);
        if (cachedTokens != UNTOLD) {
            json.writeObjectFieldStart("prompt_tokens_details");
            json.writeNumberField("cached_tokens", cachedTokens);
            json.writeEndObject();
        }
        json.writeEndObject();
    }
}
