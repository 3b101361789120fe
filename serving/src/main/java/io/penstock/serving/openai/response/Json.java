package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** What several bodies write alike. */
final class Json {
    private Json() {}

    static void stringOrNull(JsonGenerator json, String name, String value) throws IOException {
        json.writeFieldName(name);
        if (value == null) {
            json.writeNull();
        } else {
            json.writeString(value);
        }
    }

    /** Nothing where {@code ids} is null: the request did not ask. */
    static void idsIfGiven(JsonGenerator json, String name, int[] ids) throws IOException {
        if (ids != null) {
            json.writeFieldName(name);
            json.writeArray(ids, 0, ids.length);
        }
    }

    /** The head that all answers share, without the opening brace. */
    static void header(JsonGenerator json, ResponseHeader header, String object) throws IOException {
        json.writeStringField("id", header.id());
        json.writeStringField("object", object);
        json.writeNumberField("created", header.createdSeconds());
        json.writeStringField("model", header.model());
    }

    static void finishReason(JsonGenerator json, FinishReason reason) throws IOException {
        stringOrNull(json, "finish_reason", reason == null ? null : reason.wireName());
    }

    static void logprob(JsonGenerator json, double logprob) throws IOException {
        json.writeNumber(Double.isFinite(logprob) ? logprob : TokenLogprob.IMPOSSIBLE);
    }
}
