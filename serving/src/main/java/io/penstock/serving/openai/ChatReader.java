package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads and checks the messages and tools of a chat request. */
final class ChatReader {
    private static final List<String> ROLES = List.of("system", "developer", "user", "assistant", "tool", "function");
    private static final List<String> REASONING = List.of("thinking", "reasoning", "reasoning_content");

    private ChatReader() {}

    static ChatInput read(Fields body) {
        ArrayNode messages = messages(body);
        ArrayNode tools = tools(body);
        ToolChoice choice = ToolChoice.read(body.node("tool_choice"), tools != null);
        requireTool(choice, tools);
        boolean continueFinal = body.flag("continue_final_message", false);
        boolean generationPrompt = body.flag("add_generation_prompt", !continueFinal);
        if (continueFinal && generationPrompt) {
            throw new BadRequestException(
                    "continue_final_message must not be given together with add_generation_prompt = true",
                    "continue_final_message");
        }
        ObjectNode kwargs = body.object("chat_template_kwargs");
        return new ChatInput(messages, tools, choice, body.flag("parallel_tool_calls", true),
                kwargs == null ? JsonNodeFactory.instance.objectNode() : kwargs, generationPrompt, continueFinal);
    }

    private static ArrayNode messages(Fields body) {
        ArrayNode given = body.array("messages");
        if (given == null || given.isEmpty()) {
            throw new BadRequestException("messages must be an array of at least one message", "messages");
        }
        requireAtMost("messages", given.size(), ChatInput.MAX_MESSAGES);
        ArrayNode messages = JsonNodeFactory.instance.arrayNode(given.size());
        for (int i = 0; i < given.size(); i++) {
            messages.add(message(given.get(i), "messages[" + i + "]"));
        }
        return messages;
    }

    private static ObjectNode message(JsonNode given, String path) {
        Fields fields = new Fields(given, path);
        String role = fields.requiredString("role");
        if (!ROLES.contains(role)) {
            throw Fields.mustBe(fields.path("role"), "one of " + String.join(", ", ROLES), given.get("role"));
        }
        fields.string("name");
        fields.string("tool_call_id");
        REASONING.forEach(fields::string);
        ObjectNode message = withoutNulls(given);
        boolean assistant = role.equals("assistant");
        ArrayNode calls = assistant ? fields.array("tool_calls") : null;
        if (calls != null) {
            message.set("tool_calls", toolCalls(calls, fields.path("tool_calls")));
        }
        boolean saysElse = assistant && (calls != null && !calls.isEmpty() || REASONING.stream().anyMatch(fields::has));
        content(fields, saysElse);
        return message;
    }

    private static void content(Fields fields, boolean optional) {
        JsonNode content = fields.node("content");
        String path = fields.path("content");
        if (content == null) {
            if (!optional) {
                throw new BadRequestException(path + " must be a string or an array of parts; only an assistant's "
                        + "message with tool_calls may leave it out", path);
            }
            return;
        }
        if (!content.isTextual() && !content.isArray()) {
            throw Fields.mustBe(path, "a string or an array of parts", content);
        }
        for (int i = 0; i < content.size(); i++) {
            if (!content.get(i).isTextual()) {
                part(new Fields(content.get(i), path + "[" + i + "]"));
            }
        }
    }

    private static void part(Fields part) {
        String type = part.requiredString("type");
        if (!type.equals("text")) {
            throw Fields.mustBe(part.path("type"), "\"text\", the only kind of part that the model reads",
                    part.node("type"));
        }
        if (part.string("text") == null) {
            throw new BadRequestException(part.path("text") + " must be given, as a string", part.path("text"));
        }
    }

    private static ArrayNode toolCalls(ArrayNode given, String path) {
        ArrayNode calls = JsonNodeFactory.instance.arrayNode(given.size());
        for (int i = 0; i < given.size(); i++) {
            Fields call = new Fields(given.get(i), path + "[" + i + "]");
            call.string("id");
            call.string("type");
            ObjectNode copy = withoutNulls(given.get(i));
            if (call.has("function")) {
                copy.set("function", function(call.node("function"), call.path("function")));
            } else {
                copy = function(given.get(i), path + "[" + i + "]");
            }
            calls.add(copy);
        }
        return calls;
    }

    private static ObjectNode function(JsonNode given, String path) {
        Fields function = new Fields(given, path);
        function.requiredString("name");
        ObjectNode copy = withoutNulls(given);
        JsonNode arguments = function.node("arguments");
        if (arguments != null) {
            copy.set("arguments", argumentsObject(arguments, function.path("arguments")));
        }
        return copy;
    }

    /** Clients write no arguments as an empty string, too. */
    private static ObjectNode argumentsObject(JsonNode arguments, String path) {
        if (arguments instanceof ObjectNode object) {
            return object;
        }
        if (!arguments.isTextual()) {
            throw Fields.mustBe(path, "a JSON object, or a string that holds one", arguments);
        }
        String text = arguments.textValue().strip();
        ObjectNode object = text.isEmpty() || text.equals("null")
                ? JsonNodeFactory.instance.objectNode() : Fields.objectIn(text);
        if (object == null) {
            throw Fields.mustBe(path, "a JSON object, or a string that holds one", arguments);
        }
        return object;
    }

    private static ArrayNode tools(Fields body) {
        ArrayNode tools = body.array("tools");
        if (tools == null || tools.isEmpty()) {
            return null;
        }
        requireAtMost("tools", tools.size(), ChatInput.MAX_TOOLS);
        for (int i = 0; i < tools.size(); i++) {
            Fields tool = new Fields(tools.get(i), "tools[" + i + "]");
            if (!tool.requiredString("type").equals("function")) {
                throw Fields.mustBe(tool.path("type"), "\"function\"", tool.node("type"));
            }
            Fields function = new Fields(tool.node("function"), tool.path("function"));
            function.requiredString("name");
            function.string("description");
            function.object("parameters");
        }
        return tools;
    }

    private static void requireTool(ToolChoice choice, ArrayNode tools) {
        boolean demands = choice.mode() == ToolChoice.Mode.REQUIRED || choice.mode() == ToolChoice.Mode.FUNCTION;
        if (demands && tools == null) {
            throw new BadRequestException("tool_choice must not demand a call where tools is empty", "tool_choice");
        }
        if (choice.mode() != ToolChoice.Mode.FUNCTION) {
            return;
        }
        Set<String> names = new HashSet<>();
        tools.forEach(tool -> names.add(tool.get("function").get("name").textValue()));
        if (!names.contains(choice.function())) {
            throw new BadRequestException("tool_choice must name a function of tools, not "
                    + Fields.shown(tools.textNode(choice.function())), "tool_choice");
        }
    }

    private static ObjectNode withoutNulls(JsonNode given) {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> field : given.properties()) {
            if (!field.getValue().isNull()) {
                copy.set(field.getKey(), field.getValue());
            }
        }
        return copy;
    }

    private static void requireAtMost(String name, int size, int most) {
        if (size > most) {
            throw new BadRequestException(name + " must hold at most " + most + " entries, not " + size, name);
        }
    }
}
