package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.runtime.checkpoint.ModelTensors;

/** The loading of a model's weights alone, to time it. */
public final class WeightLoading {
    private WeightLoading() {}

    /**
     * What was loaded.
     *
     * @param uploadNs from the first pinned memory to the last byte's arrival
     */
    public record Loaded(long sizeBytes, long uploadNs) {}

    /** Loads all weights as {@link CudaModel} does and gives them back. */
    public static Loaded load(Device device, ModelTensors tensors) {
        try (Stream stream = device.createStream("weights");
                DeviceWeights weights = new DeviceWeights(device, stream, tensors, _ -> { })) {
            return new Loaded(weights.sizeBytes(), weights.uploadNs());
        }
    }
}
