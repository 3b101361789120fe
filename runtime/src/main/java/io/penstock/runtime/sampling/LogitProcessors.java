package io.penstock.runtime.sampling;

import io.penstock.runtime.Penalties;
import io.penstock.runtime.TokenMasks;

/**
 * Everything that changes single logits before temperature, in this order: token mask, allowed ids, bad words, logit
 * bias, end tokens that come too early, repetition, frequency and presence penalties. Minus infinity is a token that
 * cannot be drawn, and stays so through all of them.
 */
final class LogitProcessors {
    private final int numValidTokens;
    private final int[] eosTokenIds;
    private TokenMasks masks;
    private int mask = TokenMasks.NO_MASK;

    LogitProcessors(int numValidTokens, int[] eosTokenIds) {
        this.numValidTokens = numValidTokens;
        this.eosTokenIds = eosTokenIds;
    }

    /** The mask that {@link #apply} and {@link #fallback} heed from now on. */
    void mask(TokenMasks masks, int mask) {
        this.masks = masks;
        this.mask = mask;
    }

    /** NaN counts as minus infinity, and plus infinity as the largest float, so that differences are numbers. */
    static float finiteOrMinusInfinity(float logit) {
        return logit == logit ? Math.min(logit, Float.MAX_VALUE) : Float.NEGATIVE_INFINITY;
    }

    /** Fills {@code values} [numValidTokens] from the logits at {@code offset}. */
    void apply(float[] logits, int offset, SamplingState state, double[] values) {
        copyAllowed(logits, offset, state, values);
        forbidMasked(values);
        state.badWords().forbid(values);
        addBias(state, values);
        forbidEarlyEnd(state, values);
        penalise(state, values);
    }

    /**
     * The token to take where no logit is left: the lowest id that mask and constraints permit; where they permit none,
     * the lowest id of the mask; without a mask the lowest of the allowed ids, or 0.
     */
    int fallback(SamplingState state, double[] values) {
        int lowestAllowed = 0;
        if (state.hasAllowedTokenIds()) {
            for (int i = 0; i < numValidTokens; i++) {
                values[i] = Double.NEGATIVE_INFINITY;
            }
            SamplingState.TokenIds allowed = state.allowedTokenIds();
            for (int i = 0; i < allowed.size(); i++) {
                values[allowed.at(i)] = 0;
            }
            lowestAllowed = allowed.size() > 0 && allowed.at(0) < numValidTokens ? allowed.at(0) : 0;
        } else {
            for (int i = 0; i < numValidTokens; i++) {
                values[i] = 0;
            }
        }
        forbidMasked(values);
        state.badWords().forbid(values);
        forbidEarlyEnd(state, values);
        for (int i = 0; i < numValidTokens; i++) {
            if (values[i] == 0) {
                return i;
            }
        }
        return mask == TokenMasks.NO_MASK ? lowestAllowed : lowestInMask();
    }

    private int lowestInMask() {
        int[] words = masks.words();
        int first = masks.offset(mask);
        for (int i = 0; i < masks.wordsPerMask(); i++) {
            if (words[first + i] != 0) {
                return 32 * i + Integer.numberOfTrailingZeros(words[first + i]);
            }
        }
        throw new IllegalStateException("mask " + mask + " permits no token");
    }

    private void forbidMasked(double[] values) {
        if (mask == TokenMasks.NO_MASK) {
            return;
        }
        int[] words = masks.words();
        int word = masks.offset(mask);
        for (int from = 0; from < numValidTokens; from += 32, word++) {
            int end = Math.min(from + 32, numValidTokens);
            int permitted = words[word];
            for (int i = from; i < end && permitted != -1; i++) {
                if ((permitted >>> i & 1) == 0) {
                    values[i] = Double.NEGATIVE_INFINITY;
                }
            }
        }
    }

    private void copyAllowed(float[] logits, int offset, SamplingState state, double[] values) {
        if (!state.hasAllowedTokenIds()) {
            for (int i = 0; i < numValidTokens; i++) {
                values[i] = finiteOrMinusInfinity(logits[offset + i]);
            }
            return;
        }
        for (int i = 0; i < numValidTokens; i++) {
            values[i] = Double.NEGATIVE_INFINITY;
        }
        SamplingState.TokenIds allowed = state.allowedTokenIds();
        for (int i = 0; i < allowed.size(); i++) {
            int tokenId = allowed.at(i);
            if (tokenId < numValidTokens) {
                values[tokenId] = finiteOrMinusInfinity(logits[offset + tokenId]);
            }
        }
    }

    private void addBias(SamplingState state, double[] values) {
        SamplingState.TokenIds biased = state.biasedTokenIds();
        for (int i = 0; i < biased.size(); i++) {
            values[biased.at(i)] += state.bias(i);
        }
    }

    private void forbidEarlyEnd(SamplingState state, double[] values) {
        if (!state.forbidsEnd()) {
            return;
        }
        if (!state.params().stop().ignoreEos()) {
            for (int tokenId : eosTokenIds) {
                values[tokenId] = Double.NEGATIVE_INFINITY;
            }
        }
        SamplingState.TokenIds stops = state.stopTokenIds();
        for (int i = 0; i < stops.size(); i++) {
            values[stops.at(i)] = Double.NEGATIVE_INFINITY;
        }
    }

    private void penalise(SamplingState state, double[] values) {
        Penalties penalties = state.params().penalties();
        double repetition = penalties.repetition();
        TokenSet seen = state.seen();
        for (int id = seen.next(0); id >= 0; id = seen.next(id + 1)) {
            double value = values[id];
            values[id] = value > 0 ? Math.min(value / repetition, Double.MAX_VALUE) : value * repetition;
        }
        TokenCounts counts = state.outputCounts();
        for (int i = 0; i < counts.numDistinct(); i++) {
            int tokenId = counts.tokenId(i);
            values[tokenId] = values[tokenId] - penalties.frequency() * counts.count(i) - penalties.presence();
        }
    }
}
