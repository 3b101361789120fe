package io.penstock.batch.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.serving.openai.response.JsonBody;
import java.io.IOException;

/**
 * A file that a client uploaded, or that a batch wrote.
 *
 * @param createdSeconds since 1970
 * @param purpose {@code batch}, {@code batch_output} or what the client said
 */
record StoredFile(String id, long bytes, long createdSeconds, String name, String purpose) implements JsonBody {
    static StoredFile of(JsonNode json) {
        return new StoredFile(json.path("id").asText(), json.path("bytes").asLong(), json.path("created_at").asLong(),
                json.path("filename").asText(), json.path("purpose").asText());
    }

    @Override
    public void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", id);
        json.writeStringField("object", "file");
        json.writeNumberField("bytes", bytes);
        json.writeNumberField("created_at", createdSeconds);
        json.writeStringField("filename", name);
        json.writeStringField("purpose", purpose);
        json.writeStringField("status", "processed");
        json.writeEndObject();
    }
}
