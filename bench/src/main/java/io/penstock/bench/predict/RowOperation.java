package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;

/**
 * What reads rows and writes rows.
 *
 * @param latencySeconds of what follows one after the other in it, beside the way of its bytes
 */
public record RowOperation(double bytes, double latencySeconds) implements KernelModel {
    /** Of a copy's rate. */
    static final double MEMORY_SHARE = 0.85;

    @Override
    public Prediction on(Chip chip) {
        double memory = bytes / (MEMORY_SHARE * chip.copyBytesPerSecond());
        double latency = Chip.FILL_SECONDS + latencySeconds;
        return new Prediction(memory + latency, chip.floorSeconds(bytes, 0),
                memory > latency ? Bound.MEMORY : Bound.LATENCY, bytes, 0);
    }
}
