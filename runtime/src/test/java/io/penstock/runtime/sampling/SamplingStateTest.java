package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.penstock.runtime.StepResult;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SamplingStateTest {
    private static final int VOCAB = 300;
    private static final int STEPS = 60;
    private static final int[] PROMPT = {5, 9, 9, 250, 17};

    private final Sampler sampler = new Sampler(VOCAB, VOCAB - 3, new int[] {1});
    private final StepResult result = new StepResult(1);

    @Test
    void resumedSequencesGoOnAsIfNeverInterrupted() {
        for (Settings settings : everyKind()) {
            SamplingState state = new SamplingState(VOCAB, 500);
            settings.start(state, PROMPT);
            int[] output = generate(state, new int[0]);
            for (int cut : new int[] {0, 1, 2, 7, 31, STEPS - 1}) {
                everyKind()[cut % 3].start(state, new int[] {200, 201}, 77, 78, 79);
                settings.start(state, PROMPT, Arrays.copyOf(output, cut));
                assertEquals(cut, state.numOutputTokens());
                assertEquals(cut == 0 ? 17 : output[cut - 1], state.lastToken());
                assertArrayEquals(output, generate(state, Arrays.copyOf(output, cut)), "cut at " + cut);
            }
        }
    }

    @Test
    void reusedStatesAreLikeNewOnes() {
        SplittableRandom random = new SplittableRandom(1);
        SamplingState reused = new SamplingState(VOCAB, 500);
        Settings[] kinds = everyKind();
        for (int round = 0; round < 60; round++) {
            Settings settings = kinds[random.nextInt(kinds.length)];
            int[] prompt = new int[random.nextInt(40)];
            Arrays.setAll(prompt, i -> random.nextInt(VOCAB));
            settings.start(reused, prompt);
            assertArrayEquals(generate(settings.state(VOCAB, prompt), new int[0]),
                    generate(reused, new int[0]), "round " + round);
        }
    }

    @Test
    void theTokensArrayIsNotKept() {
        int[] tokens = {1, 2, 3, 4, 0, 0};
        SamplingState state = new SamplingState(VOCAB, 500);
        state.start(new Settings().penalties(1.5, 0, 0).params(), tokens, 3, 4);
        Arrays.fill(tokens, 99);
        assertEquals(4, state.lastToken());
        assertEquals(1, state.numOutputTokens());
        assertEquals(-1, state.seen().next(5));
        state.append(6);
        assertEquals(6, state.lastToken());
        assertEquals(2, state.numOutputTokens());
    }

    @Test
    void wrongSizesAreRefused() {
        SamplingState state = new SamplingState(VOCAB, 4);
        var params = new Settings().penalties(1.2, 0, 0).params();
        assertThrows(IllegalArgumentException.class, () -> state.start(params, new int[3], 3, 4));
        assertThrows(IllegalArgumentException.class, () -> state.start(params, new int[3], 3, 2));
        assertThrows(IllegalArgumentException.class, () -> state.start(params, new int[9], 3, 5));
        assertThrows(IllegalArgumentException.class, () -> state.start(params, new int[] {VOCAB}, 1, 1));
        state.start(params, new int[3], 3, 3);
        assertThrows(IllegalArgumentException.class, () -> state.append(VOCAB));
        assertThrows(IllegalArgumentException.class, () -> state.append(-1));
    }

    private static Settings[] everyKind() {
        return new Settings[] {
            new Settings().temperature(0.2).filters(80, 1, 0).penalties(1.05, 0, 0).seed(11),
            new Settings().penalties(1.3, 0.7, 0.4).filters(0, 0.9, 0).minTokens(30).seed(12),
            new Settings().badWords(List.of(List.of(3), List.of(4, 5), List.of(6, 7, 8))).seed(13),
            new Settings().penalties(1, -0.5, 0).logitBias(Map.of(4, 3.0, 5, 3.0)).stopTokenIds(Set.of(2)).seed(14),
            new Settings().temperature(0).penalties(2, 0, 1.5),
            new Settings().allowed(Set.of(4, 5, 6, 7, 8)).badWords(List.of(List.of(6, 7, 8))).seed(15),
        };
    }

    /** Logits are a function of the token before, as a model's are. */
    private int[] generate(SamplingState state, int[] before) {
        int[] output = Arrays.copyOf(before, STEPS);
        float[] logits = new float[VOCAB];
        for (int step = before.length; step < STEPS; step++) {
            SplittableRandom random = new SplittableRandom(state.lastToken());
            for (int i = 0; i < VOCAB; i++) {
                logits[i] = (float) random.nextGaussian(0, 2);
            }
            sampler.sample(logits, 0, state, result, 0);
            output[step] = result.tokenId(0);
            state.append(output[step]);
        }
        return output;
    }
}
