package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.StepResult;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final int VOCAB = 100;
    private static final int VALID = 90;
    private static final int EOS = 80;
    private static final int[] PROMPT = {1, 2, 3};
    private static final int[] NONE = {};

    private final Sampler sampler = new Sampler(VOCAB, VALID, new int[] {EOS, 81});
    private final StepResult result = new StepResult(4);
    private final double[] probs = new double[VOCAB];

    @Test
    void badWordsForbidTheirLastTokenAfterTheOthers() {
        float[] logits = logits(1);
        Settings settings = new Settings().badWords(List.of(List.of(5), List.of(6, 7), List.of(8, 9, 8, 10)));
        assertForbidden(settings, logits, new int[] {6, 8, 9, 8}, NONE, 5);
        assertForbidden(settings, logits, NONE, new int[] {6}, 5, 7);
        assertForbidden(settings, logits, new int[] {8}, new int[] {9, 8}, 5);
        assertForbidden(settings, logits, NONE, new int[] {8, 9, 8}, 5, 10);
        assertForbidden(settings, logits, NONE, new int[] {1, 1, 1, 1, 8, 9, 8}, 5, 10);
        assertForbidden(settings, logits, NONE, new int[] {1, 1, 1, 8, 9, 8, 1}, 5);
        assertForbidden(settings, logits, NONE, new int[] {8, 9, 8, 9, 8}, 5, 10);
    }

    @Test
    void allowedTokensAreTheOnlyOnes() {
        Settings settings = new Settings().allowed(Set.of(3, 40, 89, 95));
        float[] logits = logits(2);
        assertEquals(3, sampler.distribution(logits, 0, settings.state(VOCAB, PROMPT), probs));
        assertEquals(1, probs[3] + probs[40] + probs[89], 1e-15);
        logits[3] = Float.NEGATIVE_INFINITY;
        assertEquals(2, sampler.distribution(logits, 0, settings.state(VOCAB, PROMPT), probs));
    }

    @Test
    void endTokensWaitForMinTokens() {
        float[] logits = logits(3);
        Settings settings = new Settings().minTokens(2).stopTokenIds(Set.of(12));
        assertForbidden(settings, logits, PROMPT, NONE, 12, EOS, 81);
        assertForbidden(settings, logits, PROMPT, new int[] {4}, 12, EOS, 81);
        assertForbidden(settings, logits, PROMPT, new int[] {4, 4});
        settings.ignoreEos();
        assertForbidden(settings, logits, PROMPT, NONE, 12);
        logits[EOS] = 50;
        assertEquals(EOS, token(settings.temperature(0), logits, PROMPT));
    }

    @Test
    void greedyTakesTheLowestOfEqualsAndNoPadding() {
        float[] logits = new float[VOCAB];
        Arrays.fill(logits, -3);
        logits[30] = logits[31] = logits[60] = 2;
        logits[95] = 9;
        Settings greedy = new Settings().temperature(0);
        assertEquals(30, token(greedy, logits, PROMPT));
        assertEquals(31, token(greedy.penalties(1.5, 0, 0), logits, new int[] {30}));
        assertEquals(31, token(greedy.penalties(1, 0.1, 0), logits, PROMPT, 30));
        assertEquals(30, token(greedy.penalties(1, 0.1, 0), logits, new int[] {30}, 1));
    }

    @Test
    void notANumberIsNeverDrawnAndInfinityIsTheMost() {
        float[] logits = new float[VOCAB];
        Arrays.fill(logits, Float.NaN);
        logits[17] = -5;
        assertEquals(17, token(new Settings(), logits, PROMPT));
        assertEquals(17, token(new Settings().temperature(0), logits, PROMPT));
        assertEquals(17, token(new Settings().temperature(0).penalties(1.1, 0, 0), logits, PROMPT));
        logits[20] = logits[22] = Float.POSITIVE_INFINITY;
        assertEquals(20, token(new Settings().temperature(0), logits, PROMPT));
        assertEquals(2, sampler.distribution(logits, 0, new Settings().filters(2, 0.9, 0).state(VOCAB, PROMPT), probs));
        assertEquals(0.5, probs[22]);
        assertEquals(20, token(new Settings().temperature(0).penalties(0.5, 0, 0), logits, new int[] {20}));
    }

    @Test
    void extremeSettingsGiveTokens() {
        float[] logits = logits(4);
        logits[40] = Float.MAX_VALUE;
        logits[41] = -Float.MAX_VALUE;
        for (double temperature : new double[] {Double.MIN_VALUE, 1e-300, 1e-5, 100}) {
            for (double repetition : new double[] {Double.MIN_VALUE, 1, Double.MAX_VALUE}) {
                for (double topP : new double[] {Double.MIN_VALUE, 0.5, Math.nextDown(1.0), 1}) {
                    Settings settings = new Settings().temperature(temperature).penalties(repetition, 2, -2)
                            .filters(70, topP, Double.MIN_VALUE);
                    int token = token(settings, logits, new int[] {40, 41, 42}, 41, 43);
                    assertTrue(token >= 0 && token < VALID);
                    double total = 0;
                    sampler.distribution(logits, 0, settings.state(VOCAB, new int[] {40}, 43), probs);
                    for (double p : probs) {
                        total += p;
                    }
                    assertEquals(1, total, 1e-12);
                }
            }
        }
    }

    /** Two logits whose difference vanishes in the probability: the larger one is first in the nucleus all the same. */
    @Test
    void nucleusOfNearlyEqualTokens() {
        float[] logits = new float[VOCAB];
        Arrays.fill(logits, -100);
        logits[4] = 0;
        logits[9] = 1e-30f;
        SamplingState state = new Settings().filters(0, 1e-6, 0).state(VOCAB, PROMPT);
        assertEquals(1, sampler.distribution(logits, 0, state, probs));
        assertEquals(1, probs[9]);
        logits[4] = logits[9];
        assertEquals(1, sampler.distribution(logits, 0, state, probs));
        assertEquals(1, probs[4], "the lower id, on a tie");
    }

    @Test
    void nothingLeftTakesTheLowestPermittedToken() {
        float[] logits = new float[VOCAB];
        Arrays.fill(logits, Float.NEGATIVE_INFINITY);
        logits[95] = 5;
        for (double temperature : new double[] {0, 1}) {
            Settings plain = new Settings().temperature(temperature).numLogprobs(5);
            assertEquals(0, token(plain, logits, PROMPT));
            assertEquals(Float.NEGATIVE_INFINITY, result.logprob(0));
            assertEquals(1, result.rank(0));
            assertEquals(0, result.numTopLogprobs(0));
            assertEquals(1, token(plain.badWords(List.of(List.of(0))), logits, PROMPT));
            assertEquals(30, token(plain.allowed(Set.of(0, 30, 31)), logits, PROMPT));
            assertEquals(0, token(plain.allowed(Set.of(0)), logits, PROMPT));
            Settings onlyEnd = new Settings().temperature(temperature).allowed(Set.of(EOS)).minTokens(3);
            assertEquals(EOS, token(onlyEnd, logits(5), PROMPT));
            assertEquals(0, token(new Settings().temperature(temperature).allowed(Set.of(95)), logits(5), PROMPT));
        }
    }

    @Test
    void logprobsAreOfTheRawLogits() {
        float[] logits = new float[VOCAB];
        Arrays.fill(logits, Float.NEGATIVE_INFINITY);
        logits[10] = (float) Math.log(4);
        logits[11] = (float) Math.log(2);
        logits[12] = (float) Math.log(2);
        logits[13] = 0;
        logits[14] = Float.NaN;
        logits[95] = 10;
        Settings settings = new Settings().temperature(0).logitBias(Map.of(12, 50.0)).numLogprobs(3);
        assertEquals(12, token(settings, logits, PROMPT));
        assertEquals(Math.log(2 / 9.0), result.logprob(0), 1e-6);
        assertEquals(3, result.rank(0), "11 has the same logit and a lower id");
        assertEquals(3, result.numTopLogprobs(0));
        assertArrayEquals(new int[] {10, 11, 12},
                new int[] {result.topTokenId(0, 0), result.topTokenId(0, 1), result.topTokenId(0, 2)});
        assertEquals(Math.log(4 / 9.0), result.topLogprob(0, 0), 1e-6);
        assertEquals(result.logprob(0), result.topLogprob(0, 2));

        token(settings.numLogprobs(20), logits, PROMPT);
        assertEquals(4, result.numTopLogprobs(0), "only tokens that have a probability");
        token(settings.numLogprobs(0), logits, PROMPT);
        assertEquals(0, result.numTopLogprobs(0));
        assertEquals(3, result.rank(0));
        token(settings.numLogprobs(-1), logits, PROMPT);
        assertTrue(Float.isNaN(result.logprob(0)));
        assertEquals(0, result.rank(0));
    }

    @Test
    void mostLikelyTokensAreWhatSortingGives() {
        SplittableRandom random = new SplittableRandom(6);
        for (int round = 0; round < 200; round++) {
            float[] logits = new float[VOCAB];
            for (int i = 0; i < VOCAB; i++) {
                logits[i] = round % 2 == 0 ? random.nextInt(12) : (float) random.nextGaussian();
            }
            Integer[] order = new Integer[VALID];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
            int numTop = 1 + random.nextInt(20);
            int token = token(new Settings().seed(round).numLogprobs(numTop), logits, PROMPT);
            assertEquals(numTop, result.numTopLogprobs(0));
            for (int i = 0; i < numTop; i++) {
                assertEquals(order[i], result.topTokenId(0, i));
            }
            assertEquals(Arrays.asList(order).indexOf(token) + 1, result.rank(0));
        }
    }

    @Test
    void tokensDoNotDependOnTheRowOrTheSampler() {
        float[] two = new float[3 * VOCAB];
        float[] logits = logits(7);
        System.arraycopy(logits, 0, two, VOCAB, VOCAB);
        SplittableRandom random = new SplittableRandom(8);
        Sampler other = new Sampler(VOCAB, VALID, new int[] {EOS, 81});
        int numDifferent = 0;
        int before = -1;
        for (int seed = 0; seed < 300; seed++) {
            Settings settings = new Settings().seed(seed * 0x9E3779B97F4A7C15L);
            int token = token(settings, logits, PROMPT);
            other.sample(logits(random.nextInt()), 0, new Settings().seed(99).state(VOCAB, PROMPT), result, 1);
            other.sample(two, VOCAB, settings.state(VOCAB, NONE), result, 3);
            assertEquals(token, result.tokenId(3));
            numDifferent += token == before ? 0 : 1;
            before = token;
        }
        assertTrue(numDifferent > 100, "seeds give different tokens: " + numDifferent);
    }

    @Test
    void unknownIdsAreRefusedByName() {
        Sampler.requireKnownIds(new Settings().logitBias(Map.of(89, 1.0)).allowed(Set.of(0)).params(), VALID);
        assertRefused("logit_bias names token 90", new Settings().logitBias(Map.of(90, 1.0)));
        assertRefused("allowed_token_ids names token -1", new Settings().allowed(Set.of(-1)));
        assertRefused("bad_words names token 91", new Settings().badWords(List.of(List.of(1), List.of(2, 91))));
        assertRefused("stop_token_ids names token 100", new Settings().stopTokenIds(Set.of(100)));
    }

    /** What slipped past the check must not fail in the middle of a step. */
    @Test
    void unknownIdsAreLeftOut() {
        Settings settings = new Settings().logitBias(Map.of(90, 1.0, 1000, 1.0, -1, 1.0, 5, 90.0)).minTokens(3)
                .badWords(List.of(List.of(1000), List.of(4, -7), List.of(91), List.of(6)))
                .stopTokenIds(Set.of(1000, -1, 97));
        assertEquals(5, token(settings, logits(9), PROMPT));
        assertForbidden(settings, logits(9), PROMPT, new int[] {4}, 6, EOS, 81);
    }

    @Test
    void sizesAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> new Sampler(10, 11, NONE));
        assertThrows(IllegalArgumentException.class, () -> new Sampler(10, 0, NONE));
        assertThrows(IllegalArgumentException.class, () -> new Sampler(10, 10, new int[] {10}));
        SamplingState other = new Settings().state(VOCAB + 1, PROMPT);
        assertThrows(IllegalArgumentException.class, () -> sampler.distribution(logits(1), 0, other, probs));
    }

    private void assertForbidden(Settings settings, float[] logits, int[] prompt, int[] output, int... forbidden) {
        sampler.distribution(logits, 0, settings.state(VOCAB, prompt, output), probs);
        for (int i = 0; i < VALID; i++) {
            int id = i;
            boolean expected = Arrays.stream(forbidden).anyMatch(f -> f == id);
            assertEquals(expected, probs[i] == 0, "token " + i);
        }
    }

    private int token(Settings settings, float[] logits, int[] prompt, int... output) {
        sampler.sample(logits, 0, settings.state(VOCAB, prompt, output), result, 0);
        return result.tokenId(0);
    }

    private static void assertRefused(String message, Settings settings) {
        InputException refusal =
                assertThrows(InputException.class, () -> Sampler.requireKnownIds(settings.params(), VALID));
        assertTrue(refusal.getMessage().startsWith(message), refusal.getMessage());
        assertNotEquals(-1, refusal.getMessage().indexOf("0 to 89"));
    }

    private static float[] logits(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] logits = new float[VOCAB];
        for (int i = 0; i < VOCAB; i++) {
            logits[i] = (float) random.nextGaussian();
        }
        return logits;
    }
}
