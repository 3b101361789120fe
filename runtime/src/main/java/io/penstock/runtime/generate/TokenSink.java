package io.penstock.runtime.generate;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.StepResult;

/** Receives the tokens of a request as they are made, on the generating thread. */
public interface TokenSink {
    /**
     * One output token; an end token is not reported.
     *
     * @param row the token's row in {@code result}, for its log-probabilities
     * @return {@link FinishReason#STOP} or {@link FinishReason#ABORT} to end this choice here, null to go on
     */
    FinishReason token(int choice, int tokenId, StepResult result, int row);

    /** A choice has ended. */
    void finished(int choice, FinishReason reason);
}
