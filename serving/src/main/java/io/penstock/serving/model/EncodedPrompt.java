package io.penstock.serving.model;

import io.penstock.runtime.InputException;
import io.penstock.serving.grammar.OutputForm;

/**
 * A prompt as the engine takes it.
 *
 * @param tokenIds at least one; not copied, and not to be changed
 * @param startsInThinking the prompt ends with an opening think tag, so that an answer begins inside its thinking
 * @param isChat an assistant's turn comes next, which may begin with thinking
 * @param calls the tool calls that the answer must be; null where none is demanded
 */
public record EncodedPrompt(int[] tokenIds, boolean startsInThinking, boolean isChat, OutputForm.ToolCalls calls) {
    public EncodedPrompt {
        if (tokenIds.length == 0) {
            throw new InputException("the prompt is empty: give at least one character");
        }
    }
}
