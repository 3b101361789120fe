package io.penstock.batch.line;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.batch.BatchResult;
import io.penstock.batch.RecordKey;
import io.penstock.serving.openai.response.JsonBody;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Writes the lines of OpenAI's batch output. */
final class ResultLine {
    static final int OK = 200;

    private static final JsonFactory JSON = new JsonFactory();

    private ResultLine() {}

    /** What a line's request was answered with. */
    static BatchResult answered(Line.Asked line, int status, JsonBody body, BatchResult.Tokens tokens) {
        byte[] json = write(line.key(), line.customId(), generator -> {
            generator.writeObjectFieldStart("response");
            generator.writeNumberField("status_code", status);
            generator.writeStringField("request_id", "req_" + line.key().hex());
            generator.writeFieldName("body");
            body.writeTo(generator);
            generator.writeEndObject();
            generator.writeNullField("error");
        });
        return new BatchResult(line.number(), line.key(), json, status != OK, tokens);
    }

    /**
     * For a line that was never a request, or never got an answer.
     *
     * @param customId null where there is none, or it is another line's
     * @param key of {@code customId}, or null
     * @param code a word for programs
     */
    static BatchResult unanswered(long number, String customId, RecordKey key, String code, String message) {
        RecordKey named = key != null ? key : RecordKey.of("\u0000line " + number);
        byte[] json = write(named, customId, generator -> {
            generator.writeNullField("response");
            generator.writeObjectFieldStart("error");
            generator.writeStringField("code", code);
            generator.writeStringField("message", wellFormed(message));
            generator.writeNumberField("line", number + 1);
            generator.writeEndObject();
        });
        return new BatchResult(number, key, json, true, BatchResult.Tokens.NONE);
    }

    private interface Rest {
        void write(JsonGenerator json) throws IOException;
    }

    private static byte[] write(RecordKey key, String customId, Rest rest) {
        var bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("id", "batch_req_" + key.hex());
            if (customId == null) {
                json.writeNullField("custom_id");
            } else {
                json.writeStringField("custom_id", customId);
            }
            rest.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Whether all of a text's characters are whole: an escape in JSON can be half a pair. */
    static boolean isWellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                boolean isPair = Character.isHighSurrogate(c) && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!isPair) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    private static String wellFormed(String text) {
        return isWellFormed(text) ? text
                : text.codePoints().map(c -> c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }
}
