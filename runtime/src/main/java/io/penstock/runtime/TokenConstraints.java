package io.penstock.runtime;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tokens that a request favours, demands or forbids, by id.
 *
 * @param logitBias added to a token's logit
 * @param allowedTokenIds the only tokens that may be drawn; empty allows all
 * @param badWords token sequences that may not be completed: the last id of one is forbidden right after the others
 * @param grammar the outputs that are permitted; null for all. It goes before all other wishes
 */
public record TokenConstraints(
        Map<Integer, Double> logitBias, Set<Integer> allowedTokenIds, List<List<Integer>> badWords,
        TokenGrammar grammar) {
    /** The most tokens with a bias, which a device keeps room for in each conv slot. */
    public static final int MAX_LOGIT_BIAS = 1024;

    /** The most tokens in all bad words together, for the same reason. */
    public static final int MAX_BAD_WORD_TOKENS = 1024;

    public static final TokenConstraints NONE = new TokenConstraints(Map.of(), Set.of(), List.of());

    /** Constraints on single tokens alone. */
    public TokenConstraints(
            Map<Integer, Double> logitBias, Set<Integer> allowedTokenIds, List<List<Integer>> badWords) {
        this(logitBias, allowedTokenIds, badWords, null);
    }

    public TokenConstraints {
        logitBias = Map.copyOf(logitBias);
        allowedTokenIds = Set.copyOf(allowedTokenIds);
        badWords = badWords.stream().map(List::copyOf).toList();
        for (Double bias : logitBias.values()) {
            if (!(bias >= -100 && bias <= 100)) {
                throw new InputException("logit_bias values must be between -100 and 100, not " + bias);
            }
        }
        if (logitBias.size() > MAX_LOGIT_BIAS) {
            throw new InputException(
                    "logit_bias must name at most " + MAX_LOGIT_BIAS + " tokens, not " + logitBias.size());
        }
        int numBadWordTokens = 0;
        for (List<Integer> word : badWords) {
            if (word.isEmpty()) {
                throw new InputException("bad_words must not hold an empty word");
            }
            numBadWordTokens += word.size();
        }
        if (numBadWordTokens > MAX_BAD_WORD_TOKENS) {
            throw new InputException("bad_words must hold at most " + MAX_BAD_WORD_TOKENS + " tokens in all, not "
                    + numBadWordTokens);
        }
    }
}
