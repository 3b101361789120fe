package io.penstock.batch.line;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A result line as columns of a table: what most readers want, and all of it as JSON. Null where the line has none.
 *
 * @param text of the first choice
 * @param promptTokens with {@code completionTokens}, both or none
 * @param error why there is no answer, in one line
 * @param response the answer, or its error, as OpenAI's JSON
 */
public record ResultColumns(String customId, String text, String finishReason, Long promptTokens,
        Long completionTokens, String error, String response) {
    /** @param line as {@link io.penstock.batch.BatchResult#json} has it */
    public static ResultColumns of(JsonNode line) {
        JsonNode response = line.path("response");
        JsonNode body = response.path("body");
        JsonNode choice = body.path("choices").path(0);
        JsonNode text = choice.has("message") ? choice.path("message").path("content") : choice.path("text");
        JsonNode prompt = body.path("usage").path("prompt_tokens");
        JsonNode completion = body.path("usage").path("completion_tokens");
        boolean hasUsage = prompt.isIntegralNumber() && completion.isIntegralNumber();
        return new ResultColumns(line.path("custom_id").textValue(), text.textValue(),
                choice.path("finish_reason").textValue(), hasUsage ? prompt.longValue() : null,
                hasUsage ? completion.longValue() : null, error(line, body),
                response.isObject() ? response.toString() : null);
    }

    /** The message: of the line where nothing answered, else of the answer. */
    private static String error(JsonNode line, JsonNode body) {
        JsonNode error = line.path("error").isObject() ? line.path("error") : body.path("error");
        return error.isObject() ? error.path("message").asText(error.toString()) : error.textValue();
    }
}
