package io.penstock.serving.offline;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import io.penstock.serving.generation.ChoiceText;
import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.openai.response.TokenLogprob;
import java.util.Arrays;
import java.util.List;

/** One choice while it is written: tokens in, text out up to a stop string, log probabilities kept. */
final class ChoiceWriter {
    private final int index;
    private final SamplingParams params;
    private final Tokenizer tokenizer;
    private final GenerationListener listener;
    private final ChoiceText writer;
    private final StringBuilder piece = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final Logprobs logprobs;
    private int[] tokenIds = new int[16];
    private int numTokenIds;
    private int numTokens;
    private FinishReason finishReason;

    ChoiceWriter(int index, SamplingParams params, Tokenizer tokenizer, boolean skipSpecial,
            GenerationListener listener) {
        this.index = index;
        this.params = params;
        this.tokenizer = tokenizer;
        this.listener = listener;
        logprobs = params.numLogprobs() < 0 ? null : new Logprobs();
        writer = new ChoiceText(params, tokenizer, skipSpecial);
    }

    /** Takes a token; true where it completes a stop string, after which tokens are ignored. */
    boolean token(int tokenId, LogprobsView view) {
        if (writer.matchedStop() != null) {
            return false;
        }
        numTokens++;
        if (numTokenIds == tokenIds.length) {
            tokenIds = Arrays.copyOf(tokenIds, 2 * numTokenIds);
        }
        tokenIds[numTokenIds++] = tokenId;
        if (view != null) {
            logprobs.append(tokenId, view);
        }
        listener.token(index, tokenId);
        boolean stopped = writer.append(tokenId, piece);
        flush();
        return stopped;
    }

    /** The engine has ended it; with a stop string, that is why. */
    void finish(FinishReason reason) {
        if (writer.matchedStop() != null) {
            finishReason = FinishReason.STOP;
        } else {
            finishReason = reason;
            if (reason == FinishReason.STOP) {
                numTokens++;
            }
            writer.finish(piece);
            flush();
        }
        listener.finished(choice());
    }

    private void flush() {
        if (!piece.isEmpty()) {
            text.append(piece);
            String delta = piece.toString();
            piece.setLength(0);
            listener.text(index, delta);
        }
    }

    GenerationResult.Choice choice() {
        List<TokenLogprob> list = logprobs == null ? null : logprobs.toTokenLogprobs(tokenizer);
        return new GenerationResult.Choice(index, text.toString(), Arrays.copyOf(tokenIds, numTokenIds), finishReason,
                writer.matchedStop(), list, params.seed());
    }

    boolean isFinished() {
        return finishReason != null;
    }

    FinishReason finishReason() {
        return finishReason;
    }

    /** Output tokens, the end token included. */
    int numTokens() {
        return numTokens;
    }
}
