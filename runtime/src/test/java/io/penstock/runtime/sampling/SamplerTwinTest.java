package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.SamplingParams;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Walks the sampler and a twin that sorts boxed tokens and follows the rules one by one, over random settings. */
class SamplerTwinTest {
    private static final int VOCAB = 1501;
    private static final int VALID = 1447;
    private static final int[] EOS = {1440, 7};
    private static final int ROUNDS = 600;
    /** Settings where rounding alone could decide at an edge are not comparable. */
    private static final double EDGE = 1e-9;

    @Test
    void sameTokensSameProbabilities() {
        Sampler sampler = new Sampler(VOCAB, VALID, EOS);
        SamplingState state = new SamplingState(VOCAB, 4096);
        double[] probs = new double[VOCAB];
        int numCompared = 0;
        int numFiltered = 0;
        for (int round = 0; round < ROUNDS; round++) {
            SplittableRandom random = new SplittableRandom(round);
            float[] logits = logits(random);
            int[] prompt = ids(random, random.nextInt(30));
            int[] output = ids(random, random.nextInt(40));
            Settings settings = settings(random);
            settings.start(state, prompt, output);
            int numKept = sampler.distribution(logits, 0, state, probs);
            Twin twin = new Twin(logits, settings, prompt, output);
            if (twin.edge > EDGE) {
                numCompared++;
                numFiltered += numKept < VALID - 10 ? 1 : 0;
                assertEquals(twin.kept.size(), numKept, "seed " + round);
                for (int i = 0; i < VOCAB; i++) {
                    assertEquals(twin.probs[i], probs[i], 1e-13, "seed " + round + ", token " + i);
                }
            }
        }
        assertTrue(numCompared > ROUNDS * 9 / 10, numCompared + " comparable");
        assertTrue(numFiltered > ROUNDS / 2, numFiltered + " filtered");
    }

    private static Settings settings(SplittableRandom random) {
        Settings settings = new Settings().temperature(random.nextDouble(0.05, 3));
        settings.filters(random.nextBoolean() ? random.nextInt(-1, VALID + 20) : random.nextInt(1, 30),
                random.nextBoolean() ? random.nextDouble(0.01, 1) : 1,
                random.nextBoolean() ? random.nextDouble(0, 0.3) : 0);
        if (random.nextBoolean()) {
            settings.penalties(random.nextDouble(0.5, 2), random.nextDouble(-2, 2), random.nextDouble(-2, 2));
        }
        if (random.nextBoolean()) {
            settings.logitBias(Map.of(random.nextInt(EOS[0]), random.nextDouble(-9, 9), EOS[0], 5.0));
        }
        if (random.nextInt(5) == 0) {
            Set<Integer> allowed = new HashSet<>();
            for (int i = 0; i < 300; i++) {
                allowed.add(random.nextInt(VOCAB));
            }
            settings.allowed(allowed);
        }
        return settings.minTokens(random.nextInt(60)).stopTokenIds(Set.of(11));
    }

    private static float[] logits(SplittableRandom random) {
        float[] logits = new float[VOCAB];
        int kind = random.nextInt(4);
        for (int i = 0; i < VOCAB; i++) {
            logits[i] = switch (kind) {
                case 0 -> (float) random.nextGaussian(0, 3);
                case 1 -> random.nextInt(-4, 5);
                case 2 -> random.nextInt(3) == 0 ? Float.NEGATIVE_INFINITY : (float) random.nextGaussian(0, 2);
                default -> (float) random.nextGaussian(2, 0.5);
            };
        }
        return logits;
    }

    private static int[] ids(SplittableRandom random, int length) {
        int[] ids = new int[length];
        for (int i = 0; i < length; i++) {
            ids[i] = random.nextInt(4) == 0 ? random.nextInt(5) : random.nextInt(VALID);
        }
        return ids;
    }

    private static final class Twin {
        final double[] probs = new double[VOCAB];
        List<Integer> kept = new ArrayList<>();
        double edge = 1;
        private final double[] values = new double[VALID];

        Twin(float[] logits, Settings settings, int[] prompt, int[] output) {
            var params = settings.params();
            process(logits, params, prompt, output);
            for (int i = 0; i < VALID; i++) {
                values[i] /= params.temperature();
                if (values[i] > Double.NEGATIVE_INFINITY) {
                    kept.add(i);
                }
            }
            kept.sort(Comparator.comparingDouble((Integer id) -> -values[id]).thenComparing(Comparator.naturalOrder()));
            minP(params.filters().minP());
            topK(params.filters().topK());
            topP(params.filters().topP());
            double total = total();
            for (int id : kept) {
                probs[id] = weight(id) / total;
            }
        }

        private void process(float[] logits, SamplingParams params, int[] prompt, int[] output) {
            Set<Integer> seen = new HashSet<>();
            for (int id : prompt) {
                seen.add(id);
            }
            int[] counts = new int[VALID];
            for (int id : output) {
                seen.add(id);
                counts[id]++;
            }
            Set<Integer> allowed = params.constraints().allowedTokenIds();
            boolean early = output.length < params.stop().minTokens();
            var penalties = params.penalties();
            for (int i = 0; i < VALID; i++) {
                boolean forbidden = !allowed.isEmpty() && !allowed.contains(i)
                        || early && (i == EOS[0] || i == EOS[1] || params.stop().stopTokenIds().contains(i));
                double value = logits[i] + params.constraints().logitBias().getOrDefault(i, 0.0);
                if (seen.contains(i)) {
                    value = value > 0 ? value / penalties.repetition() : value * penalties.repetition();
                }
                value -= penalties.frequency() * counts[i];
                value -= counts[i] > 0 ? penalties.presence() : 0;
                values[i] = forbidden ? Double.NEGATIVE_INFINITY : value;
            }
        }

        private void minP(double minP) {
            List<Integer> stays = new ArrayList<>();
            for (int id : kept) {
                edge = Math.min(edge, minP > 0 ? Math.abs(weight(id) - minP) : 1);
                if (weight(id) >= minP) {
                    stays.add(id);
                }
            }
            kept = stays;
        }

        private void topK(int topK) {
            if (topK > 0 && topK < kept.size()) {
                double smallest = values[kept.get(topK - 1)];
                kept.removeIf(id -> values[id] < smallest);
            }
        }

        private void topP(double topP) {
            double total = total();
            double inFront = 0;
            List<Integer> stays = new ArrayList<>();
            for (int id : kept) {
                edge = Math.min(edge, topP < 1 ? Math.abs(inFront / total - topP) : 1);
                if (topP >= 1 || inFront / total < topP) {
                    stays.add(id);
                }
                inFront += weight(id);
            }
            kept = stays;
        }

        private double weight(int id) {
            return Math.exp(values[id] - values[kept.get(0)]);
        }

        private double total() {
            double total = 0;
            for (int id : kept) {
                total += weight(id);
            }
            return total;
        }
    }
}
