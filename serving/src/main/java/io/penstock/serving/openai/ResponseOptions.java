package io.penstock.serving.openai;

/**
 * What a request wants to get back.
 *
 * @param n choices for each prompt
 * @param includeUsage a streamed answer ends with a chunk that holds the usage
 * @param continuousUsage every chunk of a streamed answer holds the usage so far
 * @param skipSpecialTokens special tokens do not show in the text
 * @param returnTokenIds prompt and output ids are part of the answer
 */
public record ResponseOptions(
        int n,
        boolean stream,
        boolean includeUsage,
        boolean continuousUsage,
        boolean skipSpecialTokens,
        boolean returnTokenIds) {
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
                fields.flag("return_token_ids", false));
    }
}
