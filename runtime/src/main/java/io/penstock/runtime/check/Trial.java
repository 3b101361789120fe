package io.penstock.runtime.check;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;

/**
 * One run of a case.
 *
 * @param backend what is checked
 * @param twins what defines the operations: the CPU backend in bfloat16
 * @param samples the random inputs
 * @param closeness the comparisons made
 */
public record Trial(
        OperationBackend.Factory backend, OperationBackend.Factory twins, Samples samples, Closeness closeness) {
    /** With inputs of a seed. */
    public static Trial of(OperationBackend.Factory backend, OperationBackend.Factory twins, long seed) {
        return new Trial(backend, twins, new Samples(seed), new Closeness());
    }

    OperationBackend open(ModelConfig config, ModelLimits limits) {
        return backend.open(config, limits);
    }

    OperationBackend twin(ModelConfig config, ModelLimits limits) {
        return twins.open(config, limits);
    }
}
