package io.penstock.runtime.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.jinja.JinjaTemplate;
import io.penstock.runtime.jinja.Python;
import io.penstock.runtime.jinja.Text;
import io.penstock.runtime.jinja.TextBuilder;
import java.util.List;
import java.util.Map;

/** The two layouts of the LFM2 family, built in. They differ in marks round tools and in what happens to thinking. */
record Lfm2ChatTemplate(Generation generation, String bosToken) implements ChatTemplate {
    enum Generation { LFM2, LFM2_5 }

    private static final String THINK_END = "</think>";
    private static final String TURN_END = "<|im_end|>\n";
    private static final List<Text> THINKING = List.of(Conversation.key("thinking"), Conversation.key("reasoning"),
        Conversation.key("reasoning_content"));
    private static final Text CONTENT = Conversation.key("content");
    private static final Text TYPE = Conversation.key("type");
    private static final Text TEXT = Conversation.key("text");
    private static final Text IMAGE = Conversation.key("image");
    private static final Text TOOL_CALLS = Conversation.key("tool_calls");
    private static final Text FUNCTION = Conversation.key("function");
    private static final Text NAME = Conversation.key("name");
    private static final Text ARGUMENTS = Conversation.key("arguments");

    @Override
    public String name() {
        return generation == Generation.LFM2 ? "built-in LFM2" : "built-in LFM2.5";
    }

    @Override
    public Text prompt(Conversation conversation) {
        List<Map<Text, Object>> turns = conversation.messages();
        TextBuilder out = new TextBuilder().append(bosToken);
        TextBuilder system = new TextBuilder();
        if (!turns.isEmpty() && Conversation.role(turns.getFirst()).equals("system")) {
            system.append(textOf(turns.getFirst().get(CONTENT)));
            turns = turns.subList(1, turns.size());
        }
        tools(conversation.tools(), system);
        if (!system.isEmpty()) {
            out.append("<|im_start|>system\n").append(system.build()).append(TURN_END);
        }
        int lastUser = -1;
        for (int i = 0; i < turns.size(); i++) {
            lastUser = Conversation.role(turns.get(i)).equals("user") ? i : lastUser;
        }
        boolean keepsAll = preservesThinking(conversation.options());
        for (int i = 0; i < turns.size(); i++) {
            turn(turns.get(i), keepsAll || i > lastUser, out);
            boolean open = conversation.options().continueFinalMessage() && i == turns.size() - 1;
            out.append(open ? "" : TURN_END);
        }
        if (conversation.options().addGenerationPrompt()) {
            out.append("<|im_start|>assistant\n");
        }
        return out.build();
    }

    private static boolean preservesThinking(ChatOptions options) {
        if (options.preserveThinking() != null) {
            return options.preserveThinking();
        }
        JsonNode given = options.kwargs().get("preserve_thinking");
        return given != null && Python.truth(Conversation.value(given, Origin.TEXT));
    }

    private void tools(List<Object> tools, TextBuilder system) {
        if (tools.isEmpty()) {
            return;
        }
        boolean marked = generation == Generation.LFM2;
        system.append(system.isEmpty() ? "" : "\n").append("List of tools: ")
            .append(marked ? "<|tool_list_start|>[" : "[");
        for (int i = 0; i < tools.size(); i++) {
            Object tool = tools.get(i);
            system.append(i == 0 ? "" : ", ").append(tool instanceof Text text ? text : Python.json(tool));
        }
        system.append(marked ? "]<|tool_list_end|>" : "]");
    }

    private void turn(Map<Text, Object> message, boolean keepsThinking, TextBuilder out) {
        String role = Conversation.role(message);
        out.append("<|im_start|>").append(role, Origin.TEXT).append("\n");
        Text content = textOf(message.get(CONTENT));
        if (role.equals("tool") && generation == Generation.LFM2) {
            out.append("<|tool_response_start|>").append(content).append("<|tool_response_end|>");
            return;
        }
        if (!role.equals("assistant")) {
            out.append(content);
            return;
        }
        int thinkEnd = content.value().lastIndexOf(THINK_END);
        if (generation == Generation.LFM2_5 && keepsThinking) {
            thinking(message, out);
        } else if (generation == Generation.LFM2_5 && thinkEnd >= 0) {
            content = content.slice(thinkEnd + THINK_END.length(), content.length()).strip();
        }
        out.append(content);
        if (Python.truth(message.get(TOOL_CALLS))) {
            toolCalls((List<?>) message.get(TOOL_CALLS), out);
        }
    }

    private static void thinking(Map<Text, Object> message, TextBuilder out) {
        for (Text field : THINKING) {
            Object thinking = message.get(field);
            if (Python.truth(thinking)) {
                if (thinking instanceof Text text) {
                    out.append("<think>").append(text).append(THINK_END);
                }
                return;
            }
        }
    }

    private static Text textOf(Object content) {
        TextBuilder out = new TextBuilder();
        switch (content) {
            case Text text -> out.append(text);
            case Map<?, ?> _ -> out.append(Python.json(content));
            case List<?> parts -> {
                for (Object part : parts) {
                    out.append(partText(part));
                }
            }
            case null, default -> { }
        }
        return out.build();
    }

    private static Text partText(Object part) {
        if (part instanceof Text text) {
            return text;
        }
        if (part instanceof Map<?, ?> map && TEXT.equals(map.get(TYPE))) {
            Object text = map.get(TEXT);
            return Python.truth(text) ? Python.str(text) : Text.of("", Text.TEMPLATE);
        }
        boolean image = part instanceof Map<?, ?> map && IMAGE.equals(map.get(TYPE));
        return image ? Text.of("<image>", Text.TEMPLATE) : Python.json(part);
    }

    private static void toolCalls(List<?> calls, TextBuilder out) {
        out.append("<|tool_call_start|>[");
        for (int i = 0; i < calls.size(); i++) {
            out.append(i == 0 ? "" : ", ");
            Object call = calls.get(i);
            Object function = call instanceof Map<?, ?> map && map.containsKey(FUNCTION) ? map.get(FUNCTION) : call;
            Map<?, ?> fields = function instanceof Map<?, ?> map ? map : Map.of();
            if (fields.containsKey(NAME)) {
                out.append(Python.str(fields.get(NAME)));
            }
            out.append("(");
            arguments(fields.get(ARGUMENTS), out);
            out.append(")");
        }
        out.append("]<|tool_call_end|>");
    }

    private static void arguments(Object arguments, TextBuilder out) {
        if (arguments instanceof Map<?, ?> map) {
            String separator = "";
            for (Map.Entry<?, ?> argument : map.entrySet()) {
                out.append(separator).append(Python.str(argument.getKey())).append("=")
                    .append(literal(argument.getValue()));
                separator = ", ";
            }
        } else if (arguments instanceof Text text && !List.of("", "{}", "null").contains(text.strip().value())) {
            throw new InputException("Tool call arguments must be a mapping, not a JSON string.");
        }
    }

    private static Text literal(Object value) {
        return switch (value) {
            case Text text -> {
                TextBuilder quoted = new TextBuilder().append("'");
                for (int i = 0; i < text.length(); i++) {
                    quoted.append(escaped(text.value().charAt(i)), text.origin(i));
                }
                yield quoted.append("'").build();
            }
            case Map<?, ?> _, List<?> _ -> Python.json(value);
            case Object other when other == JinjaTemplate.none() -> Text.of("None", Text.TEMPLATE);
            default -> Python.str(value);
        };
    }

    private static String escaped(char c) {
        return switch (c) {
            case '\\' -> "\\\\";
            case '\'' -> "\\'";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            default -> String.valueOf(c);
        };
    }
}
