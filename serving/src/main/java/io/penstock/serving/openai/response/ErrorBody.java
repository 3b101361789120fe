package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.runtime.InputException;
import io.penstock.serving.openai.BadRequestException;
import java.io.IOException;

/**
 * The body of an answer that is an error, and the data of an error event in the middle of a stream.
 *
 * @param param the request's field that is wrong, or null
 * @param code a word for programs, or null
 */
public record ErrorBody(String message, String type, String param, String code) implements JsonBody {
    public static final String INVALID_REQUEST = "invalid_request_error";
    public static final String SERVER_ERROR = "server_error";

    private static final int MAX_NAME = 200;

    /** For a request that cannot be served as it is. */
    public static ErrorBody of(InputException e) {
        return e instanceof BadRequestException bad
                ? new ErrorBody(bad.getMessage(), INVALID_REQUEST, bad.param(), bad.code())
                : new ErrorBody(e.getMessage(), INVALID_REQUEST, null, null);
    }

    /** For a model that is not served here: 404. */
    public static ErrorBody modelNotFound(String model) {
        String name = model.codePoints().map(c -> Character.isISOControl(c) ? '?' : c).limit(MAX_NAME)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
        return new ErrorBody("The model '" + name + "' does not exist: see /v1/models", INVALID_REQUEST, "model",
                "model_not_found");
    }

    /** For a missing or wrong key: 401. */
    public static ErrorBody unauthorized() {
        return new ErrorBody("A valid API key must be given as 'Authorization: Bearer KEY'", INVALID_REQUEST, null,
                "invalid_api_key");
    }

    /** For a queue that is full: 429. */
    public static ErrorBody queueFull() {
        return new ErrorBody("Too many requests are waiting: try again later", "rate_limit_error", null,
                "rate_limit_exceeded");
    }

    /** For what should not have happened: 500. */
    public static ErrorBody defect() {
        return new ErrorBody("the server failed: its log says why", SERVER_ERROR, null, null);
    }

    /** For a server that drains or has failed: 503, or an event in mid-stream. {@code message} holds no internals. */
    public static ErrorBody unavailable(String message) {
        return new ErrorBody(message, SERVER_ERROR, null, "service_unavailable");
    }

    @Override
    public void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeObjectFieldStart("error");
        json.writeStringField("message", Json.wellFormed(message));
        json.writeStringField("type", type);
        Json.stringOrNull(json, "param", param);
        Json.stringOrNull(json, "code", code);
        json.writeEndObject();
        json.writeEndObject();
    }
}
