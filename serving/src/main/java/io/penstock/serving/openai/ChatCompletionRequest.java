package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.SamplingParams;
import java.util.List;

/**
 * The body of {@code POST /v1/chat/completions}. Fields that are not known are ignored.
 *
 * @param model null: the one that is served
 * @param responseFormat as the client gave it, with a known {@code type}; null for plain text
 */
public record ChatCompletionRequest(
        String model,
        ChatInput chat,
        SamplingRequest sampling,
        ResponseOptions response,
        RequestOptions options,
        ObjectNode responseFormat) {

    /** @throws BadRequestException for anything but a good request in JSON */
    public static ChatCompletionRequest parse(byte[] body, SamplingDefaults defaults) {
        return parse(Fields.body(body), defaults);
    }

    /** @throws BadRequestException for a field of a wrong type or value, naming it */
    public static ChatCompletionRequest parse(JsonNode body, SamplingDefaults defaults) {
        Fields fields = new Fields(body, "");
        ChatInput chat = ChatReader.read(fields);
        SamplingRequest sampling = new SamplingReader(fields, defaults)
                .read(List.of("max_completion_tokens", "max_tokens"), null, numLogprobs(fields));
        return new ChatCompletionRequest(fields.string("model"), chat, sampling, ResponseOptions.read(fields),
                RequestOptions.read(fields), responseFormat(fields));
    }

    private static int numLogprobs(Fields fields) {
        boolean logprobs = fields.flag("logprobs", false);
        int top = fields.integer("top_logprobs", 0, SamplingParams.MAX_LOGPROBS, 0);
        if (top > 0 && !logprobs) {
            throw new BadRequestException("top_logprobs must only be given with logprobs = true", "top_logprobs");
        }
        return logprobs ? top : -1;
    }

    /** As it is given, but for plain text; {@link OutputFormReader} has checked it. */
    private static ObjectNode responseFormat(Fields fields) {
        ObjectNode format = fields.object("response_format");
        return format == null || format.path("type").asText().equals("text") ? null : format;
    }
}
