package io.penstock.batch.line;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchResult;
import io.penstock.batch.RecordKey;
import io.penstock.runtime.InputException;
import io.penstock.serving.openai.BadRequestException;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.CompletionRequest;
import io.penstock.serving.openai.SamplingDefaults;
import io.penstock.serving.openai.response.ErrorBody;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Makes requests of records. A record that is none becomes a {@link Line.Bad}: nothing is thrown. */
public final class LineReader {
    /** The longest custom_id, in characters. */
    public static final int MAX_ID_LENGTH = 512;

    static final String CHAT = "/v1/chat/completions";
    static final String COMPLETIONS = "/v1/completions";
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private final LineOptions options;
    private final SamplingDefaults defaults;

    /** @param defaults what the model's makers recommend */
    public LineReader(LineOptions options, SamplingDefaults defaults) {
        this.options = options;
        this.defaults = defaults;
    }

    /** Reads a record; checks all that can be known without a tokenizer. */
    public Line read(BatchRecord record) {
        long number = record.number();
        String customId = null;
        try {
            ObjectNode fields = object(record);
            boolean isPlain = options.plain().template() != null || !fields.has("body") && !fields.has("url");
            customId = isPlain ? plainId(fields, number) : customId(fields);
            RecordKey key = RecordKey.of(customId);
            Line.Asked named = new Line.Asked(number, customId, key, null);
            return isPlain ? asked(named, () -> plainBody(fields)) : envelope(named, fields);
        } catch (InputException e) {
            return new Line.Bad(ResultLine.unanswered(number, null, null, "invalid_line", e.getMessage()));
        }
    }

    /** The result of a line whose custom_id is an earlier line's. */
    public BatchResult duplicate(long number) {
        return ResultLine.unanswered(number, null, null, "duplicate_custom_id",
                "custom_id is an earlier line's: give each line its own");
    }

    private static ObjectNode object(BatchRecord record) {
        if (record.problem() != null) {
            throw record.problem();
        }
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(record.json())).toString();
            if (!(MAPPER.readTree(text) instanceof ObjectNode object)) {
                throw new InputException("the line must be a JSON object");
            }
            return object;
        } catch (CharacterCodingException e) {
            throw new InputException("the line is not UTF-8: save the input as UTF-8 text", e);
        } catch (JacksonException e) {
            throw new InputException("the line must be valid JSON: "
                    + e.getOriginalMessage().lines().findFirst().orElse(""), e);
        }
    }

    private static String customId(ObjectNode fields) {
        JsonNode id = fields.get(LineOptions.Plain.CUSTOM_ID);
        if (id == null || !id.isTextual()) {
            throw new InputException("custom_id must be given, as a string");
        }
        return checkedId(id.textValue(), LineOptions.Plain.CUSTOM_ID);
    }

    /** Ids of tables are often numbers. */
    private String plainId(ObjectNode fields, long number) {
        String name = options.plain().idField();
        JsonNode id = fields.get(name);
        if (id == null || id.isNull()) {
            if (!name.equals(LineOptions.Plain.CUSTOM_ID)) {
                throw new InputException(name + " must be given: it names the line");
            }
            return "line-" + (number + 1);
        }
        if (!id.isTextual() && !id.isIntegralNumber()) {
            throw new InputException(name + " must be a string or an integer");
        }
        return checkedId(id.asText(), name);
    }

    private static String checkedId(String id, String name) {
        if (id.isEmpty() || id.length() > MAX_ID_LENGTH || !ResultLine.isWellFormed(id)) {
            throw new InputException(name + " must have 1 to " + MAX_ID_LENGTH + " characters, each a whole one");
        }
        return id;
    }

    private interface BodyReader {
        Line.Body read();
    }

    private Line asked(Line.Asked named, BodyReader reader) {
        try {
            Line.Body body = reader.read();
            return options.models().serves(body.model())
                    ? new Line.Asked(named.number(), named.customId(), named.key(), body)
                    : refused(named, NOT_FOUND, ErrorBody.modelNotFound(body.model()));
        } catch (InputException e) {
            return refused(named, BAD_REQUEST, ErrorBody.of(e));
        }
    }

    private static Line refused(Line.Asked line, int status, ErrorBody body) {
        return new Line.Bad(ResultLine.answered(line, status, body, BatchResult.Tokens.NONE));
    }

    private Line envelope(Line.Asked named, ObjectNode fields) {
        String url = fields.path("url").asText();
        if (!fields.path("method").asText().equals("POST")) {
            return asked(named, () -> {
                throw new BadRequestException("method must be POST", "method");
            });
        }
        return asked(named, () -> switch (url) {
            case CHAT -> new Line.Body.Chat(
                    ChatCompletionRequest.parse(whole(fields.get("body")), defaults), null);
            case COMPLETIONS -> new Line.Body.Completion(
                    CompletionRequest.parse(whole(fields.get("body")), defaults));
            default -> throw new BadRequestException("url must be " + CHAT + " or " + COMPLETIONS, "url");
        });
    }

    /** A result is a whole line: that its sender would have liked it in pieces changes nothing. */
    private static JsonNode whole(JsonNode body) {
        return body instanceof ObjectNode object ? object.remove(List.of("stream", "stream_options")) : body;
    }

    private Line.Body plainBody(ObjectNode fields) {
        LineOptions.Plain plain = options.plain();
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.setAll(plain.defaults());
        String prompt;
        if (plain.template() != null) {
            prompt = plain.template().fill(fields);
        } else {
            prompt = plainPrompt(fields);
            setAll(body, fields, plain.idField());
        }
        if (prompt != null && !plain.isRaw()) {
            addMessages(body, prompt);
        } else if (prompt == null && plain.isRaw()) {
            throw new InputException("--raw needs \"prompt\" in each line: messages need a template");
        } else if (prompt != null) {
            body.putArray("messages").addObject().put("role", "user").put("content", "");
        }
        return new Line.Body.Chat(ChatCompletionRequest.parse(whole(body), defaults), plain.isRaw() ? prompt : null);
    }

    /** What a line demands of its answer's form goes in place of what the options demand. */
    private static void setAll(ObjectNode body, ObjectNode fields, String idField) {
        if (fields.has("response_format") || fields.has("structured_outputs")) {
            body.remove("structured_outputs");
        }
        if (fields.has("max_completion_tokens")) {
            body.remove("max_tokens");
        }
        for (Map.Entry<String, JsonNode> field : fields.properties()) {
            if (!field.getKey().equals("prompt") && !field.getKey().equals(idField)) {
                body.set(field.getKey(), field.getValue());
            }
        }
    }

    /** Null where the line has messages. */
    private static String plainPrompt(ObjectNode fields) {
        JsonNode prompt = fields.get("prompt");
        if (prompt == null && fields.has("messages")) {
            return null;
        }
        if (prompt == null) {
            throw new InputException("the line must have prompt or messages, or custom_id, method, url and body");
        }
        if (fields.has("messages")) {
            throw new InputException("prompt and messages exclude each other: give one");
        }
        if (!prompt.isTextual() || prompt.textValue().isEmpty()) {
            throw new InputException("prompt must be a text of at least one character");
        }
        return prompt.textValue();
    }

    private void addMessages(ObjectNode body, String prompt) {
        ArrayNode messages = body.putArray("messages");
        if (options.plain().system() != null) {
            messages.addObject().put("role", "system").put("content", options.plain().system());
        }
        messages.addObject().put("role", "user").put("content", prompt);
    }
}
