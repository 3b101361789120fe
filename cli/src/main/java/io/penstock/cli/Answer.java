package io.penstock.cli;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.text.Detokenizer;
import io.penstock.runtime.text.StopStrings;
import io.penstock.runtime.text.Tokenizer;
import io.penstock.serving.openai.response.TokenLogprob;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** One choice while it is written: tokens in, text out up to a stop string, log-probabilities kept. */
final class Answer {
    /** Special tokens that say how to read the rest: they stay in the text, which is parsed later. */
    private static final Set<String> MARKERS =
            Set.of("<think>", "</think>", "<|tool_call_start|>", "<|tool_call_end|>");

    private final Tokenizer tokenizer;
    private final boolean skipSpecial;
    private final boolean hasLogprobs;
    private final Detokenizer detokenizer;
    private final StopStrings stop;
    private final Consumer<String> pieces;
    private final StringBuilder decoded = new StringBuilder();
    private final StringBuilder piece = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final List<TokenLogprob> logprobs = new ArrayList<>();
    private final IntStream.Builder tokenIds = IntStream.builder();
    private int numTokens;
    private FinishReason finishReason;

    /** @param pieces told each piece of text as soon as it is certain */
    Answer(Tokenizer tokenizer, SamplingParams params, boolean skipSpecial, Consumer<String> pieces) {
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
        this.pieces = pieces;
        hasLogprobs = params.numLogprobs() >= 0;
        detokenizer = new Detokenizer(tokenizer, false);
        stop = new StopStrings(params.stop().stopStrings(), params.stop().includeStopString());
    }

    /** Takes a token; {@link FinishReason#STOP} where it completes a stop string, else null. */
    FinishReason token(int tokenId, StepResult result, int row) {
        numTokens++;
        tokenIds.add(tokenId);
        if (hasLogprobs) {
            logprobs.add(logprob(tokenId, result, row));
        }
        if (!skipSpecial || !tokenizer.isSpecial(tokenId) || MARKERS.contains(tokenizer.token(tokenId))) {
            detokenizer.append(tokenId, decoded);
        }
        boolean stopped = stop.append(decoded, piece);
        decoded.setLength(0);
        flush();
        return stopped ? FinishReason.STOP : null;
    }

    void finished(FinishReason reason) {
        finishReason = reason;
        if (stop.matched() == null) {
            if (reason == FinishReason.STOP) {
                numTokens++;
            }
            detokenizer.finish(decoded);
            if (!stop.append(decoded, piece)) {
                stop.finish(piece);
            }
            flush();
        }
    }

    private void flush() {
        if (!piece.isEmpty()) {
            text.append(piece);
            pieces.accept(piece.toString());
            piece.setLength(0);
        }
    }

    private TokenLogprob logprob(int tokenId, StepResult result, int row) {
        List<TokenLogprob> top = new ArrayList<>();
        for (int i = 0; i < result.numTopLogprobs(row); i++) {
            top.add(logprob(result.topTokenId(row, i), result.topLogprob(row, i), List.of()));
        }
        return logprob(tokenId, result.logprob(row), top);
    }

    private TokenLogprob logprob(int tokenId, double logprob, List<TokenLogprob> top) {
        return new TokenLogprob(tokenizer.decode(new int[] {tokenId}, false), tokenizer.bytes(tokenId), logprob, top);
    }

    String text() {
        return text.toString();
    }

    /** Output tokens, the end token included. */
    int numTokens() {
        return numTokens;
    }

    /** The output without an end token; may be read once. */
    int[] tokenIds() {
        return tokenIds.build().toArray();
    }

    FinishReason finishReason() {
        return finishReason;
    }

    /** The stop string that ended it, or null. */
    String stopString() {
        return stop.matched();
    }

    /** Null unless they were asked for. */
    List<TokenLogprob> logprobs() {
        return hasLogprobs ? logprobs : null;
    }
}
