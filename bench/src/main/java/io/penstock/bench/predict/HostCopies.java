package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;

/** What a step copies between host and device before and behind its graph, and the graph's start. */
public record HostCopies(int num, double bytes) implements KernelModel {
    @Override
    public Prediction on(Chip chip) {
        double onBus = bytes / chip.busBytesPerSecond();
        double latency = num * Chip.HOST_COPY_SECONDS + Chip.GRAPH_SECONDS;
        return new Prediction(latency + onBus, 0, onBus > latency ? Bound.MEMORY : Bound.LATENCY, 0, 0);
    }
}
