package io.penstock.runtime.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.jinja.JinjaTemplate;
import io.penstock.runtime.jinja.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Messages and tools as values of a template, each text with its origin. */
record Conversation(List<Map<Text, Object>> messages, List<Object> tools, ChatOptions options) {
    private static final Text ROLE = key("role");

    /**
     * Reads the JSON arrays of a request.
     *
     * @throws InputException if they are not what a conversation is made of
     */
    static Conversation of(JsonNode messages, JsonNode tools, ChatOptions options) {
        if (messages == null || !messages.isArray()) {
            throw new InputException("messages must be an array of objects with role and content");
        }
        if (tools != null && !tools.isNull() && !tools.isArray()) {
            throw new InputException("tools must be an array of tool definitions");
        }
        List<Map<Text, Object>> turns = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            JsonNode message = messages.get(i);
            if (!message.isObject() || !message.path("role").isTextual()) {
                throw new InputException("messages[" + i + "] must be an object with a role");
            }
            JsonNode calls = message.path("tool_calls");
            if (!calls.isMissingNode() && !calls.isNull() && !calls.isArray()) {
                throw new InputException("messages[" + i + "].tool_calls must be an array of calls");
            }
            boolean continued = options.continueFinalMessage() && i == messages.size() - 1;
            turns.add(message(message, continued));
        }
        if (options.continueFinalMessage()
            && (turns.isEmpty() || !role(turns.getLast()).equals("assistant"))) {
            throw new InputException("continue_final_message needs a last message of the role assistant");
        }
        List<Object> definitions = new ArrayList<>();
        if (tools != null && tools.isArray()) {
            tools.forEach(tool -> definitions.add(value(tool, Origin.TEXT)));
        }
        return new Conversation(turns, definitions, options);
    }

    private static Map<Text, Object> message(JsonNode message, boolean continued) {
        boolean assistant = message.get("role").textValue().equals("assistant");
        Map<Text, Object> turn = new LinkedHashMap<>();
        message.properties().forEach(field -> {
            String name = field.getKey();
            boolean said = assistant && !name.equals("role") && !name.equals("tool_calls");
            byte origin = !said ? Origin.TEXT : continued && name.equals("content") ? Origin.FINAL : Origin.ASSISTANT;
            turn.put(Text.of(name, Origin.TEXT), value(field.getValue(), origin));
        });
        return turn;
    }

    static String role(Map<Text, Object> message) {
        return message.get(ROLE).toString();
    }

    static Text key(String name) {
        return Text.of(name, Text.TEMPLATE);
    }

    /** A JSON value as a value of a template, all its texts of one origin. */
    static Object value(JsonNode node, byte origin) {
        if (node.isTextual()) {
            return Text.of(node.textValue(), origin);
        }
        if (node.isBoolean()) {
            return node.booleanValue();
        }
        if (node.isIntegralNumber()) {
            return node.canConvertToLong() ? (Object) node.longValue() : node.bigIntegerValue();
        }
        if (node.isNumber()) {
            return node.doubleValue();
        }
        if (node.isArray()) {
            List<Object> list = new ArrayList<>(node.size());
            node.forEach(item -> list.add(value(item, origin)));
            return list;
        }
        if (node.isObject()) {
            Map<Text, Object> map = new LinkedHashMap<>();
            node.properties()
                .forEach(field -> map.put(Text.of(field.getKey(), origin), value(field.getValue(), origin)));
            return map;
        }
        return JinjaTemplate.none();
    }
}
