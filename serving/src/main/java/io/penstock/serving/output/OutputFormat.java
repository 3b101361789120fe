package io.penstock.serving.output;

/**
 * What is looked for in a model's output.
 *
 * @param toolCalls blocks of tool calls become calls; else their text is content
 * @param splitReasoning text between think tags is reasoning and the tags go; else tags and text are content
 * @param startsInThinking the prompt ended with an opening think tag, so the output starts behind it
 */
public record OutputFormat(boolean toolCalls, boolean splitReasoning, boolean startsInThinking) {
    /** Everything is content but the tool calls. Think tags stay, and what is between them is not searched. */
    public static final OutputFormat TOOL_CALLS = new OutputFormat(true, false, false);
}
