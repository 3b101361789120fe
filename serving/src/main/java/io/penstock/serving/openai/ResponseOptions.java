package io.penstock.serving.openai;

import io.penstock.runtime.SamplingParams;

/**
 * What a request wants to get back.
 *
 * @param n choices for each prompt
 * @param includeUsage a streamed answer ends with a chunk that holds the usage
 * @param continuousUsage every chunk of a streamed answer holds the usage so far
 * @param skipSpecialTokens special tokens do not show in the text
 * @param returnTokenIds prompt and output ids are part of the answer
 * @param promptLogprobs alternatives shown for each prompt token, 0 for its own log probability alone, -1 for none
 */
public record ResponseOptions(
        int n,
        boolean stream,
        boolean includeUsage,
        boolean continuousUsage,
        boolean skipSpecialTokens,
        boolean returnTokenIds,
        int promptLogprobs) {
    /** The most choices for one prompt, as OpenAI's limit. */
    public static final int MAX_CHOICES = 128;

    static ResponseOptions read(Fields fields) {
        boolean stream = fields.flag("stream", false);
        boolean includeUsage = false;
        boolean continuousUsage = false;
        if (fields.has("stream_options")) {
            if (!stream) {
                throw new BadRequestException("stream_options must only be given with stream = true",
                        "stream_options");
            }
            Fields options = new Fields(fields.node("stream_options"), "stream_options");
            includeUsage = options.flag("include_usage", false);
            continuousUsage = options.flag("continuous_usage_stats", false);
        }
        return new ResponseOptions(fields.integer("n", 1, MAX_CHOICES, 1), stream, includeUsage,
                includeUsage && continuousUsage, fields.flag("skip_special_tokens", true),
                fields.flag("return_token_ids", false), promptLogprobs(fields, stream));
    }

    private static int promptLogprobs(Fields fields, boolean stream) {
        int number = fields.integer("prompt_logprobs", -1, SamplingParams.MAX_LOGPROBS, -1);
        if (number >= 0 && stream) {
            throw new BadRequestException(
                    "prompt_logprobs must not be given with stream = true: they come with a whole answer",
                    "prompt_logprobs");
        }
        return number;
    }
}
