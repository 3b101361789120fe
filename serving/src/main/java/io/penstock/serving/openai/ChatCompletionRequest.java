package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.SamplingParams;
import io.penstock.serving.output.OutputFormat;
import java.util.List;

/**
 * The body of {@code POST /v1/chat/completions}. Fields that are not known are ignored.
 *
 * @param model null: the one that is served
 * @param responseFormat as the client gave it, with a known {@code type}; null for plain text
 * @param separateReasoning whether thinking is a field of its own or part of the content; null: as the server has it
 */
public record ChatCompletionRequest(
        String model,
        ChatInput chat,
        SamplingRequest sampling,
        ResponseOptions response,
        RequestOptions options,
        ObjectNode responseFormat,
        Boolean separateReasoning) {

    /** @throws BadRequestException for anything but a good request in JSON */
    public static ChatCompletionRequest parse(byte[] body, SamplingDefaults defaults) {
        return parse(Fields.body(body), defaults);
    }

    /** @throws BadRequestException for a field of a wrong type or value, naming it */
    public static ChatCompletionRequest parse(JsonNode body, SamplingDefaults defaults) {
        Fields fields = new Fields(body, "");
        ChatInput chat = ChatReader.read(fields);
        SamplingRequest sampling = new SamplingReader(fields, defaults)
                .read(List.of("max_completion_tokens", "max_tokens"), 1, null, numLogprobs(fields));
        return new ChatCompletionRequest(fields.string("model"), chat, sampling, ResponseOptions.read(fields),
                RequestOptions.read(fields), responseFormat(fields),
                fields.has("separate_reasoning") ? fields.flag("separate_reasoning", true) : null);
    }

    /**
     * What is to be looked for in its answer. Where a form is demanded, thinking is apart: the content has the form.
     *
     * @param byDefault whether thinking is a field of its own where the request does not say
     */
    public OutputFormat outputFormat(boolean byDefault, boolean startsInThinking) {
        boolean hasForm = responseFormat != null || sampling.constraints().demand() != null;
        boolean apart = hasForm || (separateReasoning == null ? byDefault : separateReasoning);
        return new OutputFormat(chat.tools() != null, apart, startsInThinking);
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
