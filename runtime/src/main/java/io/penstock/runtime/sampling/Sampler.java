package io.penstock.runtime.sampling;

import io.penstock.runtime.InputException;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.TokenMasks;
import java.util.List;

/**
 * Chooses a sequence's next token from its logits, in double precision. The token is a function of the logits and the
 * sequence's state alone: not of the row, the batch, the machine or what was sampled before. Order of processors, ties
 * and random numbers: {@code docs/adr/0005-sampling-order.md}. Nothing is allocated per call, and no logits make a
 * call fail: NaN counts as minus infinity, and where nothing is left to draw the lowest permitted id is taken.
 *
 * <p>Holds about 44 bytes per token of scratch, so one thread uses it at a time; several samplers may fill different
 * rows of one result.
 */
public final class Sampler {
    /** A uniform number is at most 1 - 2^-53, so no token's random advantage exceeds -log(-log(1 - 2^-53)) < 36.8. */
    private static final double MAX_ADVANTAGE = 36.8;
    private static final double LOG_2 = 0.6931471805599453;
    /** More than the rounding of a bound, so that a bound never passes over the winner. */
    private static final double LOG_SLACK = 1e-9;

    private final int vocabSize;
    private final int numValidTokens;
    private final LogitProcessors processors;
    private final Candidates candidates;
    private final Logprobs logprobs;
    private final CounterRandom random = new CounterRandom();

    /**
     * @param vocabSize logits in a row
     * @param numValidTokens ids from here on are padding of the embedding: never drawn, never among the most likely
     * @param eosTokenIds the model's end tokens
     */
    public Sampler(int vocabSize, int numValidTokens, int[] eosTokenIds) {
        if (numValidTokens < 1 || numValidTokens > vocabSize) {
            throw new IllegalArgumentException("numValidTokens " + numValidTokens + " of " + vocabSize);
        }
        for (int tokenId : eosTokenIds) {
            if (tokenId < 0 || tokenId >= vocabSize) {
                throw new IllegalArgumentException("end token " + tokenId + " of " + vocabSize);
            }
        }
        this.vocabSize = vocabSize;
        this.numValidTokens = numValidTokens;
        processors = new LogitProcessors(numValidTokens, eosTokenIds.clone());
        candidates = new Candidates(vocabSize, numValidTokens);
        logprobs = new Logprobs(numValidTokens);
    }

    /**
     * Refuses a request whose logit_bias, allowed_token_ids, bad_words or stop_token_ids name a token that the
     * tokenizer does not have.
     */
    public static void requireKnownIds(SamplingParams params, int numValidTokens) {
        requireKnown("logit_bias", params.constraints().logitBias().keySet(), numValidTokens);
        requireKnown("allowed_token_ids", params.constraints().allowedTokenIds(), numValidTokens);
        for (List<Integer> word : params.constraints().badWords()) {
            requireKnown("bad_words", word, numValidTokens);
        }
        requireKnown("stop_token_ids", params.stop().stopTokenIds(), numValidTokens);
    }

    /** {@link #sample(float[], int, SamplingState, TokenMasks, int, StepResult, int)} without a mask. */
    public void sample(float[] logits, int offset, SamplingState state, StepResult result, int row) {
        sample(logits, offset, state, null, TokenMasks.NO_MASK, result, row);
    }

    /**
     * Sets a row of the result from the {@code vocabSize} logits at {@code offset}, which stay as they are. The state
     * does not change: {@link SamplingState#append} does that once the token is accepted.
     *
     * @param mask index in {@code masks} of the mask that holds the tokens that may be drawn, or
     *     {@link TokenMasks#NO_MASK}
     */
    public void sample(float[] logits, int offset, SamplingState state, TokenMasks masks, int mask,
            StepResult result, int row) {
        SamplingParams params = state.params();
        boolean isRaw = mask == TokenMasks.NO_MASK && params.isGreedy() && state.leavesLogitsAlone();
        int token = isRaw ? argmax(logits, offset) : -1;
        if (token < 0) {
            processors.mask(masks, mask);
            select(logits, offset, state);
            token = candidates.tokenId(candidates.size() == 1 ? 0 : draw(params.seed(), state.numOutputTokens()));
        }
        result.setToken(row, token);
        if (params.numLogprobs() >= 0) {
            logprobs.add(logits, offset, params.numLogprobs(), result, row);
        }
    }

    /**
     * Sets a row of the result to a given token with its log probability, rank and {@code numTop} most likely tokens,
     * by the rules of {@link #sample}: from the {@code vocabSize} logits at {@code offset} before any processing. A
     * padding id has probability 0 and comes last.
     */
    public void score(float[] logits, int offset, int tokenId, int numTop, StepResult result, int row) {
        if (tokenId < 0 || tokenId >= vocabSize) {
            throw new IllegalArgumentException("token " + tokenId + " of " + vocabSize);
        }
        result.setToken(row, tokenId);
        logprobs.add(logits, offset, numTop, result, row);
    }

    /**
     * The probabilities that {@link #sample} draws from, for tests and tools: {@code probs} [vocabSize] is filled.
     * Returns how many tokens are not filtered; the probability of one that is not may still underflow to 0.
     */
    public int distribution(float[] logits, int offset, SamplingState state, double[] probs) {
        processors.mask(null, TokenMasks.NO_MASK);
        select(logits, offset, state);
        candidates.distribution(probs);
        return candidates.size();
    }

    Candidates candidates() {
        return candidates;
    }

    private void select(float[] logits, int offset, SamplingState state) {
        if (state.vocabSize() != vocabSize) {
            throw new IllegalArgumentException("a state for " + state.vocabSize() + " tokens, not " + vocabSize);
        }
        SamplingParams params = state.params();
        processors.apply(logits, offset, state, candidates.values());
        int argmax = candidates.argmax();
        if (argmax < 0) {
            candidates.keepOnly(processors.fallback(state, candidates.values()));
        } else if (params.isGreedy()) {
            candidates.keepOnly(argmax);
        } else {
            candidates.filter(argmax, params.temperature(), params.filters());
        }
    }

    private int argmax(float[] logits, int offset) {
        int best = -1;
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < numValidTokens; i++) {
            float logit = Math.min(logits[offset + i], Float.MAX_VALUE);
            if (logit > max) {
                max = logit;
                best = i;
            }
        }
        return best;
    }

    /**
     * The winner of an exponential race (Gumbel-max): the largest scaled logit - log(-log(u)), the lowest id on ties,
     * with one uniform number u per token and position. Needs no sum over tokens, hence no order of summation.
     */
    private int draw(long seed, int position) {
        random.seek(seed, position);
        int best = candidates.mostLikely();
        double bestScore = score(best, random.uniform(candidates.tokenId(best)));
        for (int i = 0; i < candidates.size(); i++) {
            double scaledLogit = candidates.scaledLogit(i);
            if (scaledLogit + MAX_ADVANTAGE < bestScore) {
                continue;
            }
            double uniform = random.uniform(candidates.tokenId(i));
            if (scaledLogit + advantageBound(uniform) < bestScore) {
                continue;
            }
            double score = score(i, uniform);
            if (score > bestScore || score == bestScore && i < best) {
                best = i;
                bestScore = score;
            }
        }
        return best;
    }

    /** At least -log(-log(u)), without a logarithm: -log(u) >= 1 - u >= 2^exponent(1 - u). */
    private static double advantageBound(double uniform) {
        return -Math.getExponent(1 - uniform) * LOG_2 + LOG_SLACK;
    }

    private double score(int index, double uniform) {
        return candidates.scaledLogit(index) - StrictMath.log(-StrictMath.log(uniform));
    }

    private static void requireKnown(String name, Iterable<Integer> tokenIds, int numValidTokens) {
        for (int tokenId : tokenIds) {
            if (tokenId < 0 || tokenId >= numValidTokens) {
                throw new InputException(name + " names token " + tokenId + ": ids are 0 to " + (numValidTokens - 1));
            }
        }
    }
}
