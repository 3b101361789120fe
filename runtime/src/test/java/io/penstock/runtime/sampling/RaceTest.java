package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.runtime.StepResult;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The draw is the race that the ADR states, whatever it passes over on the way. */
class RaceTest {
    private static final int VOCAB = 3001;

    @Test
    void theWinnerIsThatOfTheWholeRace() {
        Sampler sampler = new Sampler(VOCAB, VOCAB, new int[0]);
        StepResult result = new StepResult(1);
        CounterRandom numbers = new CounterRandom();
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 1000; round++) {
            float[] logits = new float[VOCAB];
            double spread = random.nextDouble(0, 12);
            for (int i = 0; i < VOCAB; i++) {
                logits[i] = (float) random.nextGaussian(0, spread);
            }
            long seed = random.nextLong();
            int[] output = new int[random.nextInt(100)];
            double temperature = random.nextDouble(0.2, 3);
            sampler.sample(logits, 0, new Settings().temperature(temperature).seed(seed)
                    .state(VOCAB, new int[0], output), result, 0);

            numbers.seek(seed, output.length);
            int winner = -1;
            double best = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < VOCAB; i++) {
                double score = logits[i] / temperature - Math.log(-Math.log(numbers.uniform(i)));
                if (score > best) {
                    best = score;
                    winner = i;
                }
            }
            assertEquals(winner, result.tokenId(0), "round " + round);
        }
    }
}
