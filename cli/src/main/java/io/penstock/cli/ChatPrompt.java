package io.penstock.cli;

import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.openai.ChatInput;
import java.nio.file.Path;

/** A model's chat template, from the checkpoint or a user's file. */
final class ChatPrompt {
    private ChatPrompt() {}

    static ChatPrompt load(ModelSource source, Path override) {
        return new ChatPrompt();
    }

    /** What a prompt's template made of a conversation. */
    record Rendered(int[] tokenIds, boolean startsInThinking) {}

    Rendered render(ChatInput chat, Tokenizer tokenizer) {
        StringBuilder sb = new StringBuilder("<|startoftext|>");
        for (var m : chat.messages()) {
            sb.append("<|im_start|>" + m.get("role").asText() + "\n" + m.path("content").asText() + "<|im_end|>\n");
        }
        sb.append("<|im_start|>assistant\n");
        return new Rendered(tokenizer.encode(sb.toString()), false);
    }
}
