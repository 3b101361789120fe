package io.penstock.serving.output;

/**
 * Finds the tool calls in a whole output. {@link OutputParser} does the same from pieces; {@link ToolCallGrammar} is
 * the grammar of a block. Text that is not a good block is content: there is no error.
 */
public final class ToolCallParser {
    private ToolCallParser() {}

    /** Calls and the rest; think tags and what is between them stay in the content and are not searched. */
    public static ParsedOutput parse(String text) {
        return OutputParser.parse(OutputFormat.TOOL_CALLS, text);
    }
}
