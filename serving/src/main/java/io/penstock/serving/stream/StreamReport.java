package io.penstock.serving.stream;

import io.penstock.runtime.FinishReason;

/**
 * What became of one request; times are of {@link System#nanoTime}, 0 where it never came so far.
 *
 * @param requestId the client's name for it
 * @param failure null where all choices ended by themselves, or were aborted by name
 * @param reasons how the choices ended; null for those that did not
 */
public record StreamReport(
        String requestId, StreamFailure failure, FinishReason[] reasons, Tokens tokens, Times times) {

    /**
     * Counts.
     *
     * @param prompt tokens of the prompt, once
     * @param cached prompt tokens that came from the prefix cache
     * @param output of all choices, stop tokens included
     * @param numPreemptions how often a choice gave way
     */
    public record Tokens(int prompt, int cached, int output, int numPreemptions) {}

    /**
     * Moments.
     *
     * @param arrivedNs the request was there
     * @param submittedNs it was handed to the engine
     * @param admittedNs its first choice got its memory
     * @param firstTokenNs its first token came out
     * @param lastTokenNs its last one did
     * @param endedNs all was handed to the protocol
     */
    public record Times(
            long arrivedNs, long submittedNs, long admittedNs, long firstTokenNs, long lastTokenNs, long endedNs) {}
}
