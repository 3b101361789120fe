package io.penstock.runtime.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.jinja.Text;
import java.nio.file.Path;

/**
 * Writes a conversation as the text that a checkpoint was trained on. Immutable; may be used by several threads at
 * once.
 */
public sealed interface ChatTemplate permits Lfm2ChatTemplate, JinjaChatTemplate {
    /**
     * The template of a checkpoint: its {@code chat_template.jinja}, else the {@code chat_template} of its
     * {@code tokenizer_config.json}. A text that is known is rendered by its built-in twin, any other by the Jinja
     * engine.
     *
     * @throws InputException if there is none, or it cannot be used
     */
    static ChatTemplate load(Path checkpoint) {
        return new ChatTemplateFiles(checkpoint).load();
    }

    /**
     * The template of a checkpoint, replaced.
     *
     * @param nameOrFile {@code lfm2}, {@code lfm2.5}, or a file with a Jinja template
     */
    static ChatTemplate load(Path checkpoint, String nameOrFile) {
        return new ChatTemplateFiles(checkpoint).load(nameOrFile);
    }

    /** What renders, for logs. */
    String name();

    /**
     * The exact text of a conversation.
     *
     * @param messages the array of an OpenAI chat request
     * @param tools the array of tool definitions, or null
     * @throws InputException if the messages are malformed, or with the template's own words if it refuses them
     */
    default String render(JsonNode messages, JsonNode tools, ChatOptions options) {
        return prompt(Conversation.of(messages, tools, options)).value();
    }

    /** The text with the origin of every character. */
    Text prompt(Conversation conversation);
}
