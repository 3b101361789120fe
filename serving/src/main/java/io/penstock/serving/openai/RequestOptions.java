package io.penstock.serving.openai;

/**
 * How a request is to be handled.
 *
 * @param requestId the client's own name for the request, or null
 * @param priority lower is served first; 0 by default
 * @param cacheSalt only requests with the same one share cached prefixes; null is one, too
 * @param truncatePromptTokens keep only that many of the prompt's last tokens; -1 is the model's context; null: all
 */
public record RequestOptions(String requestId, int priority, String cacheSalt, Integer truncatePromptTokens) {
    /** The longest {@code request_id}, in characters. */
    public static final int MAX_REQUEST_ID_LENGTH = 256;

    private static final int MAX_CACHE_SALT_LENGTH = 4096;

    static RequestOptions read(Fields fields) {
        String requestId = fields.string("request_id");
        if (requestId != null && (requestId.isEmpty() || requestId.length() > MAX_REQUEST_ID_LENGTH)) {
            throw new BadRequestException("request_id must have 1 to " + MAX_REQUEST_ID_LENGTH + " characters, not "
                    + requestId.length(), "request_id");
        }
        Integer truncate = fields.integer("truncate_prompt_tokens", -1, Integer.MAX_VALUE);
        if (truncate != null && truncate == 0) {
            throw new BadRequestException(
                    "truncate_prompt_tokens must be at least 1, or -1 for the model's context, not 0",
                    "truncate_prompt_tokens");
        }
        int priority = fields.integer("priority", Integer.MIN_VALUE, Integer.MAX_VALUE, 0);
        String salt = fields.string("cache_salt");
        if (salt != null && (salt.isEmpty() || salt.length() > MAX_CACHE_SALT_LENGTH)) {
            throw new BadRequestException("cache_salt must have 1 to " + MAX_CACHE_SALT_LENGTH + " characters, not "
                    + salt.length(), "cache_salt");
        }
        return new RequestOptions(requestId, priority, salt, truncate);
    }
}
