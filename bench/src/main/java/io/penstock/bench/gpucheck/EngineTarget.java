package io.penstock.bench.gpucheck;

import io.penstock.device.Device;
import io.penstock.runtime.checkpoint.ModelTensors;
import java.util.List;
import java.util.function.Supplier;

/**
 * What runs through whole engines on the device; the check closes the devices, the caller the tensors.
 *
 * @param open opens the device anew: an engine closes its own
 * @param endToEnd compared with the CPU; null for nothing
 * @param numRequests random ones on a small shape; 0 for none
 */
public record EngineTarget(Supplier<Device> open, EndToEnd endToEnd, int numRequests) {
    /**
     * A model and prompts to complete with its most likely tokens.
     *
     * @param numTokens of each completion
     */
    public record EndToEnd(String model, ModelTensors tensors, List<int[]> prompts, int numTokens) {
        public EndToEnd {
            prompts = List.copyOf(prompts);
        }
    }
}
