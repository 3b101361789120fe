package io.penstock.batch;

/**
 * What came of one record: a line in the form of OpenAI's batch output, with {@code id}, {@code custom_id},
 * {@code response} and {@code error}.
 *
 * @param number of its record
 * @param key of its custom_id; null where the line has none, or one that an earlier record has
 * @param json the line in UTF-8, without a line break
 */
public record BatchResult(long number, RecordKey key, byte[] json, boolean isFailed, Tokens tokens) {
    /**
     * What it took.
     *
     * @param prompt tokens of its prompts, each counted once
     * @param cached prompt tokens that came from the prefix cache; differs from run to run
     * @param output of all choices
     */
    public record Tokens(int prompt, int cached, int output) {
        public static final Tokens NONE = new Tokens(0, 0, 0);
    }
}
