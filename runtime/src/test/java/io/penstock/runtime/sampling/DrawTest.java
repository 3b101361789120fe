package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.StepResult;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whether the tokens drawn with fixed seeds follow the distribution that the sampler states. */
class DrawTest {
    private static final int VOCAB = 301;
    private static final int DRAWS = 20_000;
    private static final int[] NO_TOKENS = {};

    private final Sampler sampler = new Sampler(VOCAB, VOCAB, NO_TOKENS);
    private final StepResult result = new StepResult(1);

    @Test
    void overPositionsOfOneSequence() {
        assertFollows(new Settings().temperature(1.3).seed(7), true);
        assertFollows(new Settings().filters(5, 1, 0).seed(-1), true);
        assertFollows(new Settings().filters(0, 0.9, 0).seed(1L << 40), true);
    }

    @Test
    void overSeedsAtOnePosition() {
        assertFollows(new Settings().temperature(0.8), false);
        assertFollows(new Settings().filters(40, 0.95, 0.01).penalties(1.3, 0, 0), false);
    }

    /** One token far ahead: the others are passed over unless their advantage can win, and must still be drawn. */
    @Test
    void unlikelyTokensAreDrawnAsOftenAsTheyShould() {
        assertFollows(new Settings().logitBias(Map.of(99, 9.0)).seed(3), true);
        float[] logits = new float[VOCAB];
        logits[10] = 1000;
        for (int seed = 0; seed < 2000; seed++) {
            sampler.sample(logits, 0, new Settings().seed(seed).state(VOCAB, NO_TOKENS), result, 0);
            assertEquals(10, result.tokenId(0));
        }
    }

    private void assertFollows(Settings settings, boolean positions) {
        float[] logits = new float[VOCAB];
        for (int i = 0; i < VOCAB; i++) {
            logits[i] = (float) (4 * Math.sin(i * 0.37) + 2 * Math.cos(i * 1.7));
        }
        SamplingState state = new SamplingState(VOCAB, DRAWS + 1);
        settings.start(state, NO_TOKENS);
        double[] probs = new double[VOCAB];
        sampler.distribution(logits, 0, state, probs);
        int[] counts = new int[VOCAB];
        for (int draw = 0; draw < DRAWS; draw++) {
            if (!positions) {
                settings.seed(draw * 3L).start(state, NO_TOKENS);
            }
            sampler.sample(logits, 0, state, result, 0);
            counts[result.tokenId(0)]++;
            if (positions) {
                state.append(result.tokenId(0));
            }
        }
        assertChiSquare(probs, counts);
    }

    private static void assertChiSquare(double[] probs, int[] counts) {
        double chiSquare = 0;
        int numCells = 0;
        double restExpected = 0;
        int restCount = 0;
        for (int i = 0; i < VOCAB; i++) {
            assertTrue(probs[i] > 0 || counts[i] == 0, "a token of probability 0 was drawn: " + i);
            double expected = probs[i] * DRAWS;
            if (expected >= 10) {
                chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
                numCells++;
            } else {
                restExpected += expected;
                restCount += counts[i];
            }
        }
        if (restExpected > 10) {
            chiSquare += (restCount - restExpected) * (restCount - restExpected) / restExpected;
            numCells++;
        }
        int freedom = numCells - 1;
        double deviations = (chiSquare - freedom) / Math.sqrt(2.0 * freedom);
        assertTrue(numCells >= 3, numCells + " cells");
        assertTrue(Math.abs(deviations) < 4, "chi-square " + chiSquare + " at " + freedom + " degrees of freedom");
    }
}
