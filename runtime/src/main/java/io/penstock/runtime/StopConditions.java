package io.penstock.runtime;

import java.util.List;
import java.util.Set;

/**
 * When a sequence ends. Stop strings are looked for in the detokenized text, outside the engine.
 *
 * @param maxTokens the most output tokens; at least 1
 * @param minTokens end and stop tokens are forbidden before this many output tokens
 * @param stopTokenIds ids that end the sequence like the model's end tokens do
 * @param stopStrings texts that end the sequence where they first appear
 * @param ignoreEos the model's own end tokens are ordinary tokens
 * @param includeStopString whether the stop string stays in the text
 */
public record StopConditions(
        int maxTokens,
        int minTokens,
        Set<Integer> stopTokenIds,
        List<String> stopStrings,
        boolean ignoreEos,
        boolean includeStopString) {

    /** The most stop ids, which a device keeps room for in each conv slot. */
    public static final int MAX_STOP_TOKEN_IDS = 256;

    public StopConditions {
        if (maxTokens < 1) {
            throw new InputException("max_tokens must be at least 1, not " + maxTokens);
        }
        if (minTokens < 0 || minTokens > maxTokens) {
            throw new InputException(
                    "min_tokens must be between 0 and max_tokens (" + maxTokens + "), not " + minTokens);
        }
        stopTokenIds = Set.copyOf(stopTokenIds);
        if (stopTokenIds.size() > MAX_STOP_TOKEN_IDS) {
            throw new InputException("stop_token_ids must name at most " + MAX_STOP_TOKEN_IDS + " tokens, not "
                    + stopTokenIds.size());
        }
        stopStrings = List.copyOf(stopStrings);
        if (stopStrings.contains("")) {
            throw new InputException("stop must not hold an empty string");
        }
    }

    /** Only a length limit. */
    public static StopConditions afterTokens(int maxTokens) {
        return new StopConditions(maxTokens, 0, Set.of(), List.of(), false, false);
    }
}
