package io.penstock.serving.offline;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.text.Detokenizer;
import io.penstock.runtime.text.StopStrings;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import io.penstock.serving.openai.response.TokenLogprob;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** One choice while it is written: tokens in, text out up to a stop string, log probabilities kept. */
final class ChoiceWriter {
    /** Special tokens that say how to read the rest: they stay in the text, which is parsed later. */
    private static final Set<String> MARKERS =
            Set.of("<think>", "</think>", "<|tool_call_start|>", "<|tool_call_end|>");

    private final int index;
    private final SamplingParams params;
    private final Tokenizer tokenizer;
    private final boolean skipSpecial;
    private final GenerationListener listener;
    private final Detokenizer detokenizer;
    private final StopStrings stop;
    private final StringBuilder decoded = new StringBuilder();
    private final StringBuilder piece = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final List<TokenLogprob> logprobs;
    private int[] tokenIds = new int[16];
    private int numTokenIds;
    private int numTokens;
    private FinishReason finishReason;

    ChoiceWriter(int index, SamplingParams params, Tokenizer tokenizer, boolean skipSpecial,
            GenerationListener listener) {
        this.index = index;
        this.params = params;
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
        this.listener = listener;
        logprobs = params.numLogprobs() < 0 ? null : new ArrayList<>();
        detokenizer = new Detokenizer(tokenizer, false);
        stop = new StopStrings(params.stop().stopStrings(), params.stop().includeStopString());
    }

    /** Takes a token; true where it completes a stop string, after which tokens are ignored. */
    boolean token(int tokenId, LogprobsView view) {
        if (stop.matched() != null) {
            return false;
        }
        numTokens++;
        if (numTokenIds == tokenIds.length) {
            tokenIds = Arrays.copyOf(tokenIds, 2 * numTokenIds);
        }
        tokenIds[numTokenIds++] = tokenId;
        if (view != null) {
            logprobs.add(logprob(tokenizer, tokenId, view));
        }
        listener.token(index, tokenId);
        if (!skipSpecial || !tokenizer.isSpecial(tokenId) || MARKERS.contains(tokenizer.token(tokenId))) {
            detokenizer.append(tokenId, decoded);
        }
        boolean stopped = stop.append(decoded, piece);
        decoded.setLength(0);
        flush();
        return stopped;
    }

    /** The engine has ended it; with a stop string, that is why. */
    void finish(FinishReason reason) {
        if (stop.matched() != null) {
            finishReason = FinishReason.STOP;
        } else {
            finishReason = reason;
            if (reason == FinishReason.STOP) {
                numTokens++;
            }
            detokenizer.finish(decoded);
            if (!stop.append(decoded, piece)) {
                stop.finish(piece);
            }
            decoded.setLength(0);
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

    static TokenLogprob logprob(Tokenizer tokenizer, int tokenId, LogprobsView view) {
        List<TokenLogprob> top = new ArrayList<>(view.numTopLogprobs());
        for (int i = 0; i < view.numTopLogprobs(); i++) {
            top.add(logprob(tokenizer, view.topTokenId(i), view.topLogprob(i), List.of()));
        }
        return logprob(tokenizer, tokenId, view.logprob(), top);
    }

    private static TokenLogprob logprob(Tokenizer tokenizer, int tokenId, double logprob, List<TokenLogprob> top) {
        return new TokenLogprob(tokenizer.decode(new int[] {tokenId}, false), tokenizer.bytes(tokenId), logprob, top);
    }

    GenerationResult.Choice choice() {
        return new GenerationResult.Choice(index, text.toString(), Arrays.copyOf(tokenIds, numTokenIds), finishReason,
                stop.matched(), logprobs, params.seed());
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
