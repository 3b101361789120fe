package io.penstock.serving.output;

/**
 * One call that the model asks for.
 *
 * @param argumentsJson a JSON object as text, keys in the order in which the model wrote them, numbers of any size
 */
public record ToolCall(String name, String argumentsJson) {
    /** Whether a text is one that can be the name of a function or a parameter. */
    public static boolean isName(String text) {
        return Characters.isName(text);
    }
}
