package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A body, or the data of one event, in JSON. */
public interface JsonBody {
    /** Shared by all bodies; thread-safe. */
    JsonFactory FACTORY = new JsonFactory();

    /** Writes this as one JSON object. */
    void writeTo(JsonGenerator json) throws IOException;

    /** This in UTF-8, on one line. */
    default byte[] toJson() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
            writeTo(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
