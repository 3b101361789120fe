package io.penstock.serving.grpc;

import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.grpc.wire.InputLogProbs;
import io.penstock.serving.grpc.wire.InputTokenLogProb;
import io.penstock.serving.grpc.wire.OutputLogProbs;
import io.penstock.serving.grpc.wire.TopLogProbs;

/** Log probabilities as messages. */
final class LogprobMessages {
    private LogprobMessages() {}

    /** Adds one entry a token. */
    static void append(Logprobs logprobs, OutputLogProbs.Builder message) {
        for (int token = 0; token < logprobs.numTokens(); token++) {
            message.addTokenLogprobs(logprobs.logprob(token));
            message.addTokenIds(logprobs.tokenId(token));
            message.addTopLogprobs(top(logprobs, token));
        }
    }

    /** One entry a token of the prompt; the first has no probability, and its entry no value. */
    static InputLogProbs input(int firstTokenId, Logprobs logprobs) {
        InputLogProbs.Builder message = InputLogProbs.newBuilder()
                .addTokenLogprobs(InputTokenLogProb.getDefaultInstance())
                .addTokenIds(firstTokenId)
                .addTopLogprobs(TopLogProbs.getDefaultInstance());
        for (int token = 0; token < logprobs.numTokens(); token++) {
            message.addTokenLogprobs(InputTokenLogProb.newBuilder().setValue(logprobs.logprob(token)));
            message.addTokenIds(logprobs.tokenId(token));
            message.addTopLogprobs(top(logprobs, token));
        }
        return message.build();
    }

    private static TopLogProbs top(Logprobs logprobs, int token) {
        TopLogProbs.Builder top = TopLogProbs.newBuilder();
        for (int i = 0; i < logprobs.numTop(token); i++) {
            top.addValues(logprobs.topLogprob(token, i));
            top.addTokenIds(logprobs.topTokenId(token, i));
        }
        return top.build();
    }
}
