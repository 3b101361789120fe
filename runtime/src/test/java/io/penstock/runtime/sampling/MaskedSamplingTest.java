package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.TokenGrammar;
import io.penstock.runtime.TokenMasks;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A token mask goes before every other wish, and is never left. */
class MaskedSamplingTest {
    private static final int VOCAB = 100;
    private static final int VALID = 90;
    private static final int EOS = 80;
    private static final int[] NONE = {};

    private final Sampler sampler = new Sampler(VOCAB, VALID, new int[] {EOS});
    private final StepResult result = new StepResult(1);
    private final SplittableRandom random = new SplittableRandom(9);

    private record Permitted(Set<Integer> tokenIds) implements TokenGrammar.State {
        @Override
        public TokenGrammar.State after(int tokenId) {
            return null;
        }

        @Override
        public Object maskKey() {
            return this;
        }

        @Override
        public void fillMask(int[] words, int offset, int numWords) {
            Arrays.fill(words, offset, offset + numWords, 0);
            tokenIds.forEach(id -> words[offset + id / 32] |= 1 << id);
        }
    }

    private int sample(Settings settings, float[] logits, Set<Integer> permitted) {
        var limits = new ModelLimits(1, 1, 64, 1, 0, 0, new MaskLimits(1, VOCAB));
        TokenMasks masks = new ForwardBatch(limits).masks();
        int mask = masks.add(new Permitted(permitted));
        sampler.sample(logits, 0, settings.state(VOCAB, NONE), masks, mask, result, 0);
        return result.tokenId(0);
    }

    private float[] logits() {
        float[] logits = new float[VOCAB];
        for (int i = 0; i < VOCAB; i++) {
            logits[i] = (float) (4 * random.nextDouble());
        }
        return logits;
    }

    @Test
    void onlyItsTokensAreDrawn() {
        for (int round = 0; round < 500; round++) {
            Set<Integer> permitted = Set.of(random.nextInt(30), 30 + random.nextInt(30), 60 + random.nextInt(30));
            float[] logits = logits();
            int best = permitted.stream().max((a, b) -> Float.compare(logits[a], logits[b])).orElseThrow();
            assertEquals(best, sample(new Settings().temperature(0), logits, permitted));
            int drawn = sample(new Settings().temperature(1).seed(round), logits, permitted);
            assertTrue(permitted.contains(drawn), drawn + " of " + permitted);
            Settings all = new Settings().temperature(2).seed(round).filters(3, 0.9, 0).penalties(1.3, 0.2, 0.1)
                    .logitBias(Map.of(5, 100.0));
            assertTrue(permitted.contains(sample(all, logits, permitted)));
        }
    }

    @Test
    void aRowWithoutOneIsUntouchedByTheOneBefore() {
        float[] logits = logits();
        logits[7] = 50;
        assertEquals(3, sample(new Settings().temperature(0), logits, Set.of(3)));
        sampler.sample(logits, 0, new Settings().temperature(0).state(VOCAB, NONE), result, 0);
        assertEquals(7, result.tokenId(0));
        double[] probs = new double[VOCAB];
        assertEquals(VALID, sampler.distribution(logits, 0, new Settings().state(VOCAB, NONE), probs));
    }

    @Test
    void whatContradictsItGivesWay() {
        float[] logits = logits();
        assertEquals(EOS, sample(new Settings().temperature(1).minTokens(5), logits, Set.of(EOS)));
        assertEquals(60, sample(new Settings().temperature(1).minTokens(5), logits, Set.of(60, EOS)));
        assertEquals(20, sample(new Settings().temperature(1).allowed(Set.of(3, 4)), logits, Set.of(20, 40)));
        assertEquals(40, sample(new Settings().temperature(1).allowed(Set.of(3, 40)), logits, Set.of(20, 40)));
        assertEquals(40, sample(new Settings().badWords(List.of(List.of(20))), logits, Set.of(20, 40)));
        assertEquals(20, sample(new Settings().badWords(List.of(List.of(20), List.of(40))), logits, Set.of(20, 40)));
    }

    @Test
    void logitsThatAreNoNumbersLeaveItsLowestToken() {
        float[] logits = new float[VOCAB];
        Arrays.fill(logits, Float.NEGATIVE_INFINITY);
        logits[2] = 4;
        assertEquals(33, sample(new Settings().temperature(0), logits, Set.of(33, 89)));
        Arrays.fill(logits, Float.NaN);
        assertEquals(33, sample(new Settings().temperature(1), logits, Set.of(33, 89)));
    }

    @Test
    void logProbabilitiesAreThoseBeforeIt() {
        float[] logits = logits();
        logits[7] = 50;
        sample(new Settings().temperature(0).numLogprobs(1), logits, Set.of(3));
        assertEquals(7, result.topTokenId(0, 0));
        assertTrue(result.logprob(0) < -40);
    }
}
