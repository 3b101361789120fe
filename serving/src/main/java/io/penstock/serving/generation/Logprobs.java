package io.penstock.serving.generation;

import io.penstock.runtime.text.Tokenizer;
import io.penstock.scheduler.OutputHandler.LogprobsView;
import io.penstock.serving.openai.response.PromptLogprobs;
import io.penstock.serving.openai.response.TokenLogprob;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Log probabilities of some tokens in a row, each with its most likely alternatives, kept as numbers until a protocol
 * wants them. Grows while one thread appends; not to be changed after it was handed on.
 */
public final class Logprobs {
    private static final int FIRST_TOKENS = 4;

    private int[] tokenIds = new int[FIRST_TOKENS];
    private float[] logprobs = new float[FIRST_TOKENS];
    private int[] ranks = new int[FIRST_TOKENS];
    private int[] topEnds = new int[FIRST_TOKENS];
    private int[] topTokenIds = new int[FIRST_TOKENS];
    private float[] topLogprobs = new float[FIRST_TOKENS];
    private int numTokens;
    private int numTop;

    /** Adds a token with what the engine says of it. */
    public void append(int tokenId, LogprobsView view) {
        if (numTokens == tokenIds.length) {
            tokenIds = Arrays.copyOf(tokenIds, 2 * numTokens);
            logprobs = Arrays.copyOf(logprobs, 2 * numTokens);
            ranks = Arrays.copyOf(ranks, 2 * numTokens);
            topEnds = Arrays.copyOf(topEnds, 2 * numTokens);
        }
        int end = numTop + view.numTopLogprobs();
        if (end > topTokenIds.length) {
            int length = Math.max(end, 2 * topTokenIds.length);
            topTokenIds = Arrays.copyOf(topTokenIds, length);
            topLogprobs = Arrays.copyOf(topLogprobs, length);
        }
        for (int i = 0; i < view.numTopLogprobs(); i++) {
            topTokenIds[numTop] = view.topTokenId(i);
            topLogprobs[numTop++] = view.topLogprob(i);
        }
        tokenIds[numTokens] = tokenId;
        logprobs[numTokens] = view.logprob();
        ranks[numTokens] = view.rank();
        topEnds[numTokens++] = numTop;
    }

    public int numTokens() {
        return numTokens;
    }

    public int tokenId(int token) {
        return tokenIds[token];
    }

    /** Natural logarithm of the token's probability before any processing. */
    public float logprob(int token) {
        return logprobs[token];
    }

    /** 1 for the most likely token. */
    public int rank(int token) {
        return ranks[token];
    }

    /** Alternatives of a token, best first. */
    public int numTop(int token) {
        return topEnds[token] - topStart(token);
    }

    public int topTokenId(int token, int index) {
        return topTokenIds[topStart(token) + index];
    }

    public float topLogprob(int token, int index) {
        return topLogprobs[topStart(token) + index];
    }

    private int topStart(int token) {
        return token == 0 ? 0 : topEnds[token - 1];
    }

    /** The same with the texts of the tokens, as OpenAI's clients read them. */
    public List<TokenLogprob> toTokenLogprobs(Tokenizer tokenizer) {
        List<TokenLogprob> list = new ArrayList<>(numTokens);
        for (int token = 0; token < numTokens; token++) {
            List<TokenLogprob> top = new ArrayList<>(numTop(token));
            for (int i = 0; i < numTop(token); i++) {
                top.add(withText(tokenizer, topTokenId(token, i), topLogprob(token, i), List.of()));
            }
            list.add(withText(tokenizer, tokenIds[token], logprobs[token], top));
        }
        return list;
    }

    /** The same by token ids, as vLLM's clients read those of a prompt. */
    public PromptLogprobs toPromptLogprobs(Tokenizer tokenizer) {
        List<PromptLogprobs.Position> positions = new ArrayList<>(numTokens);
        for (int token = 0; token < numTokens; token++) {
            List<PromptLogprobs.Entry> top = new ArrayList<>(numTop(token));
            for (int i = 0; i < numTop(token); i++) {
                top.add(entry(tokenizer, topTokenId(token, i), topLogprob(token, i), i + 1));
            }
            positions.add(new PromptLogprobs.Position(
                    entry(tokenizer, tokenIds[token], logprobs[token], ranks[token]), top));
        }
        return new PromptLogprobs(positions);
    }

    private static PromptLogprobs.Entry entry(Tokenizer tokenizer, int tokenId, double logprob, int rank) {
        return new PromptLogprobs.Entry(tokenId, logprob, rank, tokenizer.decode(new int[] {tokenId}, false));
    }

    private static TokenLogprob withText(Tokenizer tokenizer, int tokenId, double logprob, List<TokenLogprob> top) {
        return new TokenLogprob(tokenizer.decode(new int[] {tokenId}, false), tokenizer.bytes(tokenId), logprob, top);
    }
}
