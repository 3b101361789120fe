package io.penstock.serving.stream;

import io.penstock.runtime.FinishReason;

/**
 * How a choice ended.
 *
 * @param reason STOP, LENGTH or, after {@link ActiveStream#abort}, ABORT; everything else fails the whole request
 * @param stopTokenId the end or stop token that ended it, -1 if none; it is in no run
 * @param stopString the stop string that ended it, or null
 * @param numOutputTokens the stop token included
 * @param numCachedTokens prompt tokens from the prefix cache
 */
public record ChoiceEnd(
        int choice,
        FinishReason reason,
        int stopTokenId,
        String stopString,
        int numOutputTokens,
        int numCachedTokens) {}
