package io.penstock.runtime.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import java.util.Map;

/**
 * How a conversation is written.
 *
 * @param addGenerationPrompt whether the text ends with the beginning of an assistant turn
 * @param continueFinalMessage whether the last turn, an assistant's, is left open for the model to continue
 * @param preserveThinking whether thinking of earlier turns stays; null leaves it to the template
 * @param kwargs further variables of the template ({@code chat_template_kwargs})
 */
public record ChatOptions(boolean addGenerationPrompt, boolean continueFinalMessage, Boolean preserveThinking,
                          Map<String, JsonNode> kwargs) {
    /** What a chat request means without any options: the assistant's turn is next. */
    public static final ChatOptions DEFAULT = new ChatOptions(true, null, Map.of());

    public ChatOptions {
        if (addGenerationPrompt && continueFinalMessage) {
            throw new InputException("add_generation_prompt and continue_final_message exclude each other; set one");
        }
        kwargs = Map.copyOf(kwargs);
    }

    /** Options that do not continue the last message. */
    public ChatOptions(boolean addGenerationPrompt, Boolean preserveThinking, Map<String, JsonNode> kwargs) {
        this(addGenerationPrompt, false, preserveThinking, kwargs);
    }
}
