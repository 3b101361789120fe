package io.penstock.runtime.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.jinja.Text;
import io.penstock.runtime.text.Tokenizer;

/**
 * Turns conversations into token ids. The template writes the start token, the encoder adds none. Text inside a message
 * that spells a control token is text, unless the caller says otherwise; what an assistant said in an earlier turn may
 * spell tokens that are added but not special ({@code <think>}, tool call marks), for the model wrote them itself.
 */
public final class PromptEncoder {
    private final Tokenizer tokenizer;

    public PromptEncoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * The ids of a conversation. Arguments of tool calls may be objects or, as OpenAI's clients send them, strings.
     *
     * @param matchControlTokensInContent whether text inside messages and tools is matched with control tokens too
     * @throws InputException if the messages are malformed or the template refuses them
     */
    public int[] encode(ChatTemplate template, JsonNode messages, JsonNode tools, ChatOptions options,
                        boolean matchControlTokensInContent) {
        Text prompt = template.prompt(Conversation.of(ToolCallArguments.parsed(messages), tools, options));
        return matchControlTokensInContent ? tokenizer.encode(prompt.value())
            : tokenizer.encode(prompt.value(), (id, start, end) -> isControl(prompt, id, start, end));
    }

    private boolean isControl(Text prompt, int id, int start, int end) {
        boolean special = tokenizer.isSpecial(id);
        for (int i = start; i < end; i++) {
            byte origin = prompt.origin(i);
            if (origin == Origin.TEXT || special && origin != Text.TEMPLATE) {
                return false;
            }
        }
        return true;
    }
}
