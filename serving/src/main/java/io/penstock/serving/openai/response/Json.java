package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What several bodies write alike. */
final class Json {
    private Json() {}

    static void stringOrNull(JsonGenerator json, String name, String value) throws IOException {
        json.writeFieldName(name);
        if (value == null) {
            json.writeNull();
        } else {
            json.writeString(wellFormed(value));
        }
    }

    /** Half a surrogate pair, which a client can send as an escape, is no character: it becomes U+FFFD. */
    static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
            }
        }
        return text;
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
        json.writeStringField("id", wellFormed(header.id()));
        json.writeStringField("object", object);
        json.writeNumberField("created", header.createdSeconds());
        json.writeStringField("model", wellFormed(header.model()));
    }

    static void finishReason(JsonGenerator json, FinishReason reason) throws IOException {
        stringOrNull(json, "finish_reason", reason == null ? null : reason.wireName());
    }

    static void logprob(JsonGenerator json, double logprob) throws IOException {
        json.writeNumber(Double.isFinite(logprob) ? logprob : TokenLogprob.IMPOSSIBLE);
    }
}
