package io.penstock.bench.kernels;

import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;

/**
 * Sizes of a model's operations.
 *
 * @param width outputs of the dense feed-forward part
 */
public record KernelShape(int hidden, int width, int numHeads, int numKvHeads, int vocab) {
    /** The sizes of a published model, by name. */
    public static KernelShape of(String model) {
        ModelConfig config = ModelShapes.named(model);
        return new KernelShape(config.hiddenSize(), config.feedForward().denseWidth(),
                config.attention().numHeads(), config.attention().numKvHeads(), config.vocabSize());
    }
}
