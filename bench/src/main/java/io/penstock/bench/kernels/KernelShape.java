package io.penstock.bench.kernels;

import io.penstock.kernels.AddRmsNormRouteTopKKernel;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.config.MoeConfig;

/**
 * Sizes of a model's operations.
 *
 * @param width outputs of the dense feed-forward part
 * @param numSlices of how many slices like this the model's attention is made, which share the device; 1 for all of it
 */
public record KernelShape(
        int hidden, int width, int numHeads, int numKvHeads, int vocab, Experts experts, int numSlices) {
    /** All of a model. */
    public KernelShape(int hidden, int width, int numHeads, int numKvHeads, int vocab, Experts experts) {
        this(hidden, width, numHeads, numKvHeads, vocab, experts, 1);
    }

    /**
     * A mixture of experts.
     *
     * @param num experts of a layer
     * @param perToken that a token has
     * @param width outputs of an expert's gate
     */
    public record Experts(int num, int perToken, int width) {
        AddRmsNormRouteTopKKernel.Rule rule() {
            return new AddRmsNormRouteTopKKernel.Rule(num, perToken, true, 1);
        }

        @Override
        public String toString() {
            return perToken + " of " + num + " experts";
        }
    }

    /** The sizes of a published model with experts, by name. */
    public static KernelShape of(String model) {
        return of(ModelShapes.named(model));
    }

    /** The sizes of a model; one without experts has none of each. */
    public static KernelShape of(ModelConfig config) {
        MoeConfig moe = config.moe();
        return new KernelShape(config.hiddenSize(), config.feedForward().denseWidth(),
                config.attention().numHeads(), config.attention().numKvHeads(), config.vocabSize(),
                new Experts(moe.numExperts(), moe.expertsPerToken(), moe.expertWidth()));
    }
}
