package io.penstock.batch.line;

import io.penstock.batch.BatchResult;
import io.penstock.batch.RecordKey;
import io.penstock.serving.openai.ChatCompletionRequest;
import io.penstock.serving.openai.CompletionRequest;

/** A record after it was read. */
public sealed interface Line {
    /** What cannot be run, and has its result already. */
    record Bad(BatchResult result) implements Line {}

    /**
     * A request.
     *
     * @param number of its record
     * @param key of {@code customId}
     */
    record Asked(long number, String customId, RecordKey key, Body body) implements Line {}

    /** What is asked for. */
    sealed interface Body {
        /**
         * A conversation.
         *
         * @param rawPrompt a text to be continued in place of it; null for the conversation
         */
        record Chat(ChatCompletionRequest request, String rawPrompt) implements Body {}

        /** Texts to be continued. */
        record Completion(CompletionRequest request) implements Body {}

        /** The name that the line calls the model, or null. */
        default String model() {
            return switch (this) {
                case Chat chat -> chat.request().model();
                case Completion completion -> completion.request().model();
            };
        }
    }
}
