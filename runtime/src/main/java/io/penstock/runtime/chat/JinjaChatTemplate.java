package io.penstock.runtime.chat;

import io.penstock.runtime.InputException;
import io.penstock.runtime.jinja.JinjaException;
import io.penstock.runtime.jinja.JinjaTemplate;
import io.penstock.runtime.jinja.Text;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Any other template, rendered by the Jinja engine as transformers would.
 *
 * @param specialTokens {@code bos_token} and its like, by name
 * @param now the time for templates that write a date
 */
record JinjaChatTemplate(String name, JinjaTemplate template, Map<String, String> specialTokens,
                         Supplier<LocalDateTime> now) implements ChatTemplate {
    static JinjaChatTemplate parse(String name, String text, Map<String, String> specialTokens) {
        try {
            return new JinjaChatTemplate(name, JinjaTemplate.parse(text), specialTokens, LocalDateTime::now);
        } catch (JinjaException e) {
            throw new InputException(name + ": the chat template cannot be used, " + e.getMessage(), e);
        }
    }

    @Override
    public Text prompt(Conversation conversation) {
        ChatOptions options = conversation.options();
        if (!options.continueFinalMessage()) {
            return render(conversation, options.addGenerationPrompt());
        }
        Text text = render(conversation, false);
        int end = text.length();
        while (end > 0 && text.origin(end - 1) != Origin.FINAL) {
            end--;
        }
        if (end == 0) {
            throw new InputException("continue_final_message: the chat template writes nothing of the last message; "
                + "give it a content or leave the option out");
        }
        return text.slice(0, end);
    }

    private Text render(Conversation conversation, boolean addGenerationPrompt) {
        Map<String, Object> variables = new HashMap<>();
        specialTokens.forEach((name, token) -> variables.put(name, Text.of(token, Text.TEMPLATE)));
        ChatOptions options = conversation.options();
        variables.put("messages", conversation.messages());
        variables.put("tools", conversation.tools().isEmpty() ? JinjaTemplate.none() : conversation.tools());
        variables.put("documents", JinjaTemplate.none());
        variables.put("add_generation_prompt", addGenerationPrompt);
        options.kwargs().forEach((name, value) -> variables.put(name, Conversation.value(value, Origin.TEXT)));
        if (options.preserveThinking() != null) {
            variables.put("preserve_thinking", options.preserveThinking());
        }
        try {
            return template.render(variables, now);
        } catch (JinjaException e) {
            throw new InputException(e.isRaised() ? e.getMessage() : name + ": the chat template fails, "
                + e.getMessage(), e);
        }
    }
}
