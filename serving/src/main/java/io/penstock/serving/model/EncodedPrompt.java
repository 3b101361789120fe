package io.penstock.serving.model;

import io.penstock.runtime.InputException;

/**
 * A prompt as the engine takes it.
 *
 * @param tokenIds at least one; not copied, and not to be changed
 * @param startsInThinking the prompt ends with an opening think tag, so that an answer begins inside its thinking
 */
public record EncodedPrompt(int[] tokenIds, boolean startsInThinking) {
    public EncodedPrompt {
        if (tokenIds.length == 0) {
            throw new InputException("the prompt is empty: give at least one character");
        }
    }
}
