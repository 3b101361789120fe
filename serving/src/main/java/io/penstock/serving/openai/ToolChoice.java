package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Whether the model may, must or must not call tools.
 *
 * @param function the one that must be called, for {@link Mode#FUNCTION}; else null
 */
public record ToolChoice(Mode mode, String function) {
    /** What a request may say; {@link #FUNCTION} names one. */
    public enum Mode { NONE, AUTO, REQUIRED, FUNCTION }

    static ToolChoice read(JsonNode node, boolean hasTools) {
        if (node == null) {
            return new ToolChoice(hasTools ? Mode.AUTO : Mode.NONE, null);
        }
        if (node.isTextual()) {
            Mode mode = switch (node.textValue()) {
                case "none" -> Mode.NONE;
                case "auto" -> Mode.AUTO;
                case "required" -> Mode.REQUIRED;
                default -> throw unknown(node);
            };
            return new ToolChoice(mode, null);
        }
        if (!node.isObject()) {
            throw unknown(node);
        }
        Fields choice = new Fields(node, "tool_choice");
        if (!choice.requiredString("type").equals("function")) {
            throw Fields.mustBe("tool_choice.type", "\"function\"", node.get("type"));
        }
        String name = new Fields(choice.node("function"), "tool_choice.function").requiredString("name");
        return new ToolChoice(Mode.FUNCTION, name);
    }

    private static BadRequestException unknown(JsonNode node) {
        return Fields.mustBe("tool_choice", "\"none\", \"auto\", \"required\" or a function", node);
    }
}
