package io.penstock.runtime.check;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.AttentionConfig;
import io.penstock.runtime.config.Dimensions;
import io.penstock.runtime.config.FeedForwardConfig;
import io.penstock.runtime.config.LayerType;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.MoeConfig;
import io.penstock.runtime.config.SpecialTokens;
import io.penstock.runtime.model.FeedForward.RouterRule;
import java.util.List;
import java.util.SplittableRandom;

/** Random inputs of the operations' cases, the same for a seed, and models that are only as large as a case needs. */
public final class Samples {
    /** Of the models' norms. */
    public static final float EPS = 1e-5f;

    /** Channels of a convolution come in multiples of it. */
    private static final int CONV_CHANNELS = 16;

    private final SplittableRandom random;

    /** The same values for the same seed. */
    public Samples(long seed) {
        random = new SplittableRandom(seed);
    }

    /** The nearest bfloat16 value, ties to even. */
    static float bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat((bits + 0x7FFF + (bits >>> 16 & 1)) & 0xFFFF0000);
    }

    /** Normally distributed bfloat16 values. */
    public float[] normal(int length, double deviation) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = bf16((float) (random.nextGaussian() * deviation));
        }
        return values;
    }

    /** Normally distributed float32 values. */
    public float[] normalFloat32(int length, double deviation) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return values;
    }

    int[] ints(int length, int bound) {
        return random.ints(length, 0, bound).toArray();
    }

    int nextInt(int bound) {
        return random.nextInt(bound);
    }

    /** Numbers below {@code bound} in random order. */
    int[] permutation(int bound) {
        int[] values = new int[bound];
        for (int i = 0; i < bound; i++) {
            int j = random.nextInt(i + 1);
            values[i] = values[j];
            values[j] = i;
        }
        return values;
    }

    /** A model of two layers of each operator; of attention alone where the width is none of a convolution. */
    public static ModelConfig config(int vocab, int hidden, int numHeads, int numKvHeads) {
        LayerType other = hidden % CONV_CHANNELS == 0 ? LayerType.CONV : LayerType.FULL_ATTENTION;
        return new ModelConfig(
                ModelConfig.DENSE_TYPE,
                new Dimensions(vocab, hidden, 128_000, 3, EPS),
                List.of(other, LayerType.FULL_ATTENTION, other, LayerType.FULL_ATTENTION),
                new AttentionConfig(numHeads, numKvHeads, 64, 5e6),
                new FeedForwardConfig(4, 64),
                MoeConfig.NONE,
                new SpecialTokens(0, List.of(1), 2));
    }

    /** For operations that need nothing of a model but its width. */
    public static ModelConfig config(int hidden) {
        return config(64, hidden, 1, 1);
    }

    /** For operations of a mixture of experts that need nothing of a model but its width. */
    public static ModelConfig config(int hidden, RouterRule rule) {
        return withExperts(config(hidden), rule);
    }

    /** The same model with experts in each layer. */
    public static ModelConfig withExperts(ModelConfig dense, RouterRule rule) {
        return new ModelConfig(ModelConfig.MOE_TYPE, dense.dimensions(), dense.layerTypes(), dense.attention(),
                new FeedForwardConfig(0, 64),
                new MoeConfig(rule.numExperts(), rule.expertsPerToken(), 8, true, rule.normTopkProb(),
                        rule.routedScalingFactor()),
                dense.tokens());
    }

    public static ModelLimits limits(int maxNumSeqs, int maxNumBatchedTokens) {
        int maxModelLen = Math.max(512, maxNumBatchedTokens);
        return new ModelLimits(maxNumSeqs, maxNumBatchedTokens, maxModelLen, 8 * maxNumSeqs, 8);
    }

    /** One sequence of new tokens. */
    static ForwardBatch prompt(ModelLimits limits, int[] tokenIds) {
        ForwardBatch batch = new ForwardBatch(limits);
        int[] blocks = new int[ModelLimits.blocksFor(tokenIds.length)];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = i;
        }
        batch.addSequence(0, tokenIds, 0, tokenIds.length, 0, blocks);
        return batch;
    }
}
