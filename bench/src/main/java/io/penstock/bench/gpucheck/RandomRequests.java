package io.penstock.bench.gpucheck;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.config.AttentionConfig;
import io.penstock.runtime.config.Dimensions;
import io.penstock.runtime.config.FeedForwardConfig;
import io.penstock.runtime.config.LayerType;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.MoeConfig;
import io.penstock.runtime.config.SpecialTokens;
import io.penstock.scheduler.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** Requests with random prompts, lengths, choices and sampling parameters, a function of a seed, and their model. */
final class RandomRequests {
    static final int VOCAB = 1024;
    static final int[] EOS = {7};

    /** KV blocks for about half of what all sequences may hold, so that some are swapped out and come back. */
    static final ModelLimits LIMITS = new ModelLimits(16, 96, 192, 26, 8, 12);

    private static final int MAX_PROMPT = 120;
    private static final int MAX_TOKENS = 32;
    private static final int MAX_CHOICES = 3;
    private static final int ABORTED_ONE_IN = 16;

    private final SplittableRandom random;
    private final int[] sharedPrefix;

    RandomRequests(long seed) {
        random = new SplittableRandom(seed);
        sharedPrefix = tokens(MAX_PROMPT);
    }

    /** Every kind of layer once at least, small. */
    static DummyCheckpoint model(long seed) {
        return new DummyCheckpoint(new ModelConfig(ModelConfig.MOE_TYPE, new Dimensions(VOCAB, 256, 4096, 3, 1e-5f),
                List.of(LayerType.CONV, LayerType.FULL_ATTENTION, LayerType.CONV), new AttentionConfig(8, 2, 64, 1e6),
                new FeedForwardConfig(1, 256), new MoeConfig(8, 4, 72, true, true, 1),
                new SpecialTokens(1, List.of(EOS[0]), 0)), seed);
    }

    private int[] tokens(int length) {
        return random.ints(length, 0, VOCAB).toArray();
    }

    /** Half of them begin as others do, for prefix hits. */
    int[] prompt() {
        int[] prompt = tokens(random.nextInt(1, MAX_PROMPT + 1));
        if (random.nextBoolean()) {
            System.arraycopy(sharedPrefix, 0, prompt, 0, random.nextInt(prompt.length));
        }
        return prompt;
    }

    List<SamplingParams> choices() {
        List<SamplingParams> choices = new ArrayList<>();
        int number = random.nextInt(1, MAX_CHOICES + 1);
        for (int i = 0; i < number; i++) {
            choices.add(params());
        }
        return choices;
    }

    Request.Options options() {
        return new Request.Options(random.nextInt(3), Request.NO_DEADLINE, random.nextInt(2),
                random.nextInt(8) == 0 ? random.nextInt(5) : Request.NO_PROMPT_LOGPROBS);
    }

    boolean isAborted() {
        return random.nextInt(ABORTED_ONE_IN) == 0;
    }

    private SamplingParams params() {
        int maxTokens = random.nextInt(1, MAX_TOKENS + 1);
        TokenFilters filters = new TokenFilters(random.nextBoolean() ? 0 : random.nextInt(1, VOCAB),
                random.nextBoolean() ? 1 : random.nextDouble(0.05, 1),
                random.nextBoolean() ? 0 : random.nextDouble());
        Penalties penalties = random.nextBoolean() ? Penalties.NONE
                : new Penalties(random.nextDouble(0.5, 2), random.nextDouble(-2, 2), random.nextDouble(-2, 2));
        StopConditions stop = new StopConditions(maxTokens, random.nextInt(maxTokens + 1),
                Set.of(random.nextInt(VOCAB)), List.of(), random.nextBoolean(), false);
        return new SamplingParams(random.nextInt(4) == 0 ? 0 : random.nextDouble(0.05, 3), filters, penalties,
                constraints(), stop, random.nextLong(), random.nextInt(-1, 6));
    }

    private TokenConstraints constraints() {
        if (random.nextBoolean()) {
            return TokenConstraints.NONE;
        }
        List<List<Integer>> badWords = List.of(
                List.of(random.nextInt(VOCAB)), List.of(random.nextInt(VOCAB), random.nextInt(VOCAB)));
        Set<Integer> allowed = random.nextInt(4) == 0
                ? Set.copyOf(random.ints(64, 0, VOCAB).boxed().distinct().toList()) : Set.of();
        return new TokenConstraints(
                Map.of(random.nextInt(VOCAB), random.nextDouble(-100, 100)), allowed, badWords);
    }
}
