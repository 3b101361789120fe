package io.penstock.runtime.check;

import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Random logits and parameters of requests, common and degenerate ones. */
final class SamplingInputs {
    private static final int MAX_TOKENS = 400;
    private static final float INFINITY = Float.POSITIVE_INFINITY;

    /** What a row of logits looks like. */
    enum Kind {
        NORMAL,
        FLAT,
        PEAKED,
        FEW_VALUES,
        ALL_EQUAL,
        HALF_FORBIDDEN,
        ONE_LEFT,
        NONE_LEFT,
        NOT_NUMBERS,
        EXTREME
    }

    private final Samples samples;
    private final int vocab;

    SamplingInputs(Samples samples, int vocab) {
        this.samples = samples;
        this.vocab = vocab;
    }

    private boolean oneIn(int number) {
        return samples.nextInt(number) == 0;
    }

    private double between(double low, double high) {
        return low + (high - low) * samples.nextInt(1 << 30) / (1 << 30);
    }

    /** A row of a kind; padding is large, so that it would win if it took part. */
    float[] logits(Kind kind) {
        float[] row = samples.normalFloat32(vocab, 3);
        for (int i = 0; i < vocab; i++) {
            row[i] = switch (kind) {
                case NORMAL -> row[i];
                case FLAT -> 2 + row[i] / 100;
                case PEAKED -> row[i] * 5;
                case FEW_VALUES -> Math.round(row[i]);
                case ALL_EQUAL -> -1.5f;
                case HALF_FORBIDDEN -> i % 2 == 0 ? -INFINITY : row[i];
                case ONE_LEFT, NONE_LEFT -> -INFINITY;
                case NOT_NUMBERS -> i % 3 == 0 ? Float.NaN : i % 101 == 1 ? INFINITY : row[i];
                case EXTREME -> i % 7 == 0 ? Float.MAX_VALUE : i % 7 == 1 ? -Float.MAX_VALUE : row[i] * 1e30f;
            };
        }
        int numValid = OperationBackend.numValidTokens(vocab);
        if (kind == Kind.ONE_LEFT) {
            row[samples.nextInt(numValid)] = -7;
        }
        Arrays.fill(row, numValid, vocab, 1e9f);
        return row;
    }

    int[] tokens(int length) {
        int[] tokens = new int[length];
        for (int i = 0; i < length; i++) {
            tokens[i] = oneIn(3) ? samples.nextInt(Math.min(5, vocab)) : samples.nextInt(vocab);
        }
        return tokens;
    }

    /** Nothing but a temperature. */
    SamplingParams plain(double temperature) {
        return new SamplingParams(temperature, TokenFilters.NONE, Penalties.NONE, TokenConstraints.NONE,
                StopConditions.afterTokens(MAX_TOKENS), seed(), -1);
    }

    /** The parameters that model cards recommend: a few most likely tokens and a penalty on repetition. */
    SamplingParams recommended() {
        return new SamplingParams(between(0.1, 1), new TokenFilters(80, oneIn(2) ? 0.95 : 1, oneIn(2) ? 0.1 : 0),
                new Penalties(1.05, 0, 0), TokenConstraints.NONE, StopConditions.afterTokens(MAX_TOKENS), seed(), -1);
    }

    /** Each parameter set or not, and some to what hardly anybody asks for. */
    SamplingParams any() {
        double temperature = oneIn(8) ? 0 : oneIn(10) ? 100 : oneIn(10) ? Double.MIN_VALUE : between(0.05, 3);
        int topK = oneIn(2) ? 0 : oneIn(3) ? vocab + 3 : oneIn(3) ? 1 + samples.nextInt(vocab)
                : 1 + samples.nextInt(50);
        double topP = oneIn(2) ? 1 : oneIn(6) ? 1e-9 : oneIn(6) ? Math.nextDown(1.0) : between(0.01, 1);
        double minP = oneIn(2) ? 0 : oneIn(6) ? 1 : oneIn(6) ? Double.MIN_VALUE : between(0.001, 0.4);
        Penalties penalties = new Penalties(oneIn(2) ? 1 : between(0.5, 2), oneIn(2) ? 0 : between(-2, 2),
                oneIn(2) ? 0 : between(-2, 2));
        return new SamplingParams(temperature, new TokenFilters(topK, topP, minP), penalties, constraints(), stop(),
                seed(), samples.nextInt(22) - 1);
    }

    private long seed() {
        return (long) samples.nextInt(Integer.MAX_VALUE) << 32 ^ samples.nextInt(Integer.MAX_VALUE) * 3L;
    }

    private StopConditions stop() {
        Set<Integer> stopIds = oneIn(2) ? Set.of() : ids(3);
        return new StopConditions(MAX_TOKENS, oneIn(2) ? 0 : samples.nextInt(20), stopIds, List.of(), oneIn(4), false);
    }

    private TokenConstraints constraints() {
        Map<Integer, Double> bias = new HashMap<>();
        if (oneIn(2)) {
            ids(1 + samples.nextInt(40)).forEach(id -> bias.put(id, between(-9, 9)));
        }
        Set<Integer> allowed = oneIn(4) ? ids(1 + samples.nextInt(vocab / 2)) : Set.of();
        List<List<Integer>> badWords = new ArrayList<>();
        for (int i = oneIn(2) ? samples.nextInt(20) : 0; i > 0; i--) {
            List<Integer> word = new ArrayList<>();
            for (int length = 1 + samples.nextInt(3); length > 0; length--) {
                word.add(samples.nextInt(oneIn(2) ? vocab : Math.min(vocab, 5)));
            }
            badWords.add(word);
        }
        return new TokenConstraints(bias, allowed, badWords);
    }

    private Set<Integer> ids(int number) {
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < number; i++) {
            ids.add(samples.nextInt(vocab));
        }
        return ids;
    }

    /** The same token, log probability, rank and most likely tokens, bit for bit. */
    static void requireSame(String what, StepResult expected, StepResult actual, int row) {
        require(what, "token", expected.tokenId(row), actual.tokenId(row));
        require(what, "log probability", expected.logprob(row), actual.logprob(row));
        require(what, "rank", expected.rank(row), actual.rank(row));
        require(what, "number of most likely tokens", expected.numTopLogprobs(row), actual.numTopLogprobs(row));
        for (int i = 0; i < expected.numTopLogprobs(row); i++) {
            require(what, "token " + i, expected.topTokenId(row, i), actual.topTokenId(row, i));
            require(what, "its log probability", expected.topLogprob(row, i), actual.topLogprob(row, i));
        }
    }

    private static void require(String what, String part, double expected, double actual) {
        if (Double.compare(expected, actual) != 0) {
            throw new MismatchException(what + ", " + part + ": " + expected + " expected, was " + actual);
        }
    }
}
