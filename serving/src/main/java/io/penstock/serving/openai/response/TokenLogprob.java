package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/**
 * One token with its probability.
 *
 * @param token its text, with replacement characters where its bytes are no whole characters
 * @param bytes its bytes
 * @param logprob natural logarithm; {@link #IMPOSSIBLE} stands for minus infinity, which JSON lacks; NaN for the first
 *     token of a prompt, which has none
 * @param top the most likely tokens of the position, best first; their own lists are empty
 */
public record TokenLogprob(String token, byte[] bytes, double logprob, List<TokenLogprob> top) {
    public static final double IMPOSSIBLE = -9999.0;

    public TokenLogprob {
        top = List.copyOf(top);
    }

    /** The first token of a prompt, which nothing predicts. */
    public static TokenLogprob unknown(String token, byte[] bytes) {
        return new TokenLogprob(token, bytes, Double.NaN, List.of());
    }

    boolean isUnknown() {
        return Double.isNaN(logprob);
    }

    /** {@code {"content": [...]}} of a chat choice; null where {@code tokens} is null. */
    static void writeChat(JsonGenerator json, List<TokenLogprob> tokens) throws IOException {
        if (tokens == null) {
            json.writeNullField("logprobs");
            return;
        }
        json.writeObjectFieldStart("logprobs");
        json.writeArrayFieldStart("content");
        for (TokenLogprob token : tokens) {
            json.writeStartObject();
            token.writeFields(json);
            json.writeArrayFieldStart("top_logprobs");
            for (TokenLogprob alternative : token.top) {
                json.writeStartObject();
                alternative.writeFields(json);
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeNullField("refusal");
        json.writeEndObject();
    }

    private void writeFields(JsonGenerator json) throws IOException {
        json.writeStringField("token", token);
        json.writeFieldName("logprob");
        Json.logprob(json, logprob);
        json.writeArrayFieldStart("bytes");
        for (byte b : bytes) {
            json.writeNumber(b & 0xff);
        }
        json.writeEndArray();
    }
}
