package io.penstock.serving.output;

import java.util.List;

/** A whole model output, taken apart. Texts are empty, never null, where there is nothing. */
public record ParsedOutput(String content, String reasoning, List<ToolCall> toolCalls) {
    public ParsedOutput {
        toolCalls = List.copyOf(toolCalls);
    }
}
