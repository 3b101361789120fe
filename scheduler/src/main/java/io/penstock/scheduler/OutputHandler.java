package io.penstock.scheduler;

import io.penstock.runtime.FinishReason;

/** What a front does with what comes out of its {@link OutputQueue}, on the front's own thread. */
public interface OutputHandler {
    /** One output token, without log probabilities. */
    void token(long requestId, int choice, int tokenId);

    /** One output token with its log probability and the most likely alternatives; read them here and now. */
    void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs);

    /** The prompt's token at {@code position} (from 1: the first has no probability), in rising order. */
    void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs);

    /** A choice has ended; nothing comes after it. */
    void finished(long requestId, int choice, Finish finish);

    /**
     * How a sequence ended.
     *
     * @param stopTokenId the end or stop token, which is not reported as an output; -1 if it ended otherwise
     * @param numOutputTokens tokens sampled, the stop token included
     * @param numCachedTokens prompt tokens that came from the prefix cache
     * @param numPreemptions how often it had to give way
     */
    record Finish(FinishReason reason, int stopTokenId, int numOutputTokens, int numCachedTokens,
            int numPreemptions) {}

    /** Log probabilities of one position, valid during the call that hands them over. */
    interface LogprobsView {
        /** Natural logarithm of the token's probability before any processing. */
        float logprob();

        /** 1 for the most likely token. */
        int rank();

        int numTopLogprobs();

        /** The {@code index}-th most likely token. */
        int topTokenId(int index);

        float topLogprob(int index);
    }
}
