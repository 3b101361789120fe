package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What the chat template turns into a prompt.
 *
 * @param messages as the client gave them, but arguments of tool calls are objects, and null fields are gone
 * @param tools as the client gave them; null for none
 * @param parallelToolCalls whether more than one call is welcome
 * @param templateKwargs further variables of the template; empty for none
 * @param addGenerationPrompt the prompt ends with the beginning of an assistant's turn
 * @param continueFinalMessage the prompt ends inside the last message, which the model continues
 */
public record ChatInput(
        ArrayNode messages,
        ArrayNode tools,
        ToolChoice toolChoice,
        boolean parallelToolCalls,
        ObjectNode templateKwargs,
        boolean addGenerationPrompt,
        boolean continueFinalMessage) {
    /** The most messages of one request. */
    public static final int MAX_MESSAGES = 16_384;

    /** The most tools of one request. */
    public static final int MAX_TOOLS = 1024;
}
