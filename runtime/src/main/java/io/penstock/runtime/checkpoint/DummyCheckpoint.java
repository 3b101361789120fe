package io.penstock.runtime.checkpoint;

import io.penstock.runtime.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Random weights of a model's shapes, without a file: a function of seed, tensor name and element, generated on read
 * and never held. Norm weights are 1, every matrix keeps the variance of its input, nothing is zero.
 */
public final class DummyCheckpoint implements ModelTensors {
    private static final double EMBEDDING_STD = 0.02;
    private static final double EXPERT_BIAS_STD = 0.01;

    private final ModelConfig config;
    private final long seed;
    private final Map<String, long[]> shapes;

    public DummyCheckpoint(ModelConfig config, long seed) {
        this.config = config;
        this.seed = seed;
        this.shapes = new HashMap<>(TensorShapes.withoutExperts(config));
        for (int layer = config.feedForward().numDenseLayers(); layer < config.numLayers(); layer++) {
            shapes.putAll(TensorShapes.experts(config, layer));
        }
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public TensorData tensor(String name) {
        long[] shape = shapes.get(name);
        if (shape == null) {
            throw new IllegalArgumentException("no tensor " + name + " in this model");
        }
        boolean isBias = name.endsWith("expert_bias");
        if (shape.length == 1 && !isBias) {
            return new ConstantTensor(name, DType.BF16, shape, 1);
        }
        double std = isBias ? EXPERT_BIAS_STD
                : name.equals(TensorNames.EMBED_TOKENS) ? EMBEDDING_STD
                : 1 / Math.sqrt(shape[shape.length - 1]);
        return new DummyTensor(name, isBias ? DType.F32 : DType.BF16, shape, key(name), (float) (std * Math.sqrt(3)));
    }

    @Override
    public void close() {}

    /** FNV-1a over the name from the seed, then a finalizer that spreads every bit. */
    private long key(String name) {
        long hash = 0xcbf2_9ce4_8422_2325L ^ seed * 0x9e37_79b9_7f4a_7c15L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100_0000_01b3L;
        }
        hash = (hash ^ (hash >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
        hash = (hash ^ (hash >>> 27)) * 0x94d0_49bb_1331_11ebL;
        return hash ^ (hash >>> 31);
    }
}
