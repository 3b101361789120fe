package io.penstock.serving.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.chat.ChatOptions;
import io.penstock.runtime.chat.ChatTemplate;
import io.penstock.runtime.chat.PromptEncoder;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.openai.ChatInput;
import io.penstock.serving.openai.ToolChoice;
import java.util.HashMap;
import java.util.Map;

/** A model's chat template, from the checkpoint or as the user chose. */
final class ChatPrompt {
    private static final String PRESERVE_THINKING = "preserve_thinking";

    private final ChatTemplate template;

    private ChatPrompt(ChatTemplate template) {
        this.template = template;
    }

    /** @param nameOrFile instead of the checkpoint's template; null for that */
    static ChatPrompt load(ModelSource source, String nameOrFile) {
        return new ChatPrompt(nameOrFile == null
                ? ChatTemplate.load(source.directory()) : ChatTemplate.load(source.directory(), nameOrFile));
    }

    /** A conversation as ids. */
    int[] encode(ChatInput chat, Tokenizer tokenizer) {
        Map<String, JsonNode> kwargs = new HashMap<>();
        chat.templateKwargs().properties().forEach(field -> kwargs.put(field.getKey(), field.getValue()));
        JsonNode preserve = kwargs.get(PRESERVE_THINKING);
        boolean decides = preserve != null && preserve.isBoolean();
        if (decides) {
            kwargs.remove(PRESERVE_THINKING);
        }
        var options = new ChatOptions(chat.addGenerationPrompt(), chat.continueFinalMessage(),
                decides ? preserve.booleanValue() : null, kwargs);
        JsonNode tools = chat.toolChoice().mode() == ToolChoice.Mode.NONE ? null : chat.tools();
        return new PromptEncoder(tokenizer).encode(template, chat.messages(), tools, options, false);
    }

    /** Whether a prompt ends with an opening think tag, so that an answer begins inside the thinking. */
    static boolean endsInThinking(int[] tokenIds, Tokenizer tokenizer) {
        int last = tokenIds.length - 1;
        while (last >= 0 && tokenizer.decode(new int[] {tokenIds[last]}, false).isBlank()) {
            last--;
        }
        return last >= 0 && "<think>".equals(tokenizer.token(tokenIds[last]));
    }
}
