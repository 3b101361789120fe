package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;

/** A product by {@code mma.sync}, as on every device: its floor's bytes and arithmetic, at the rates it should have. */
public record MmaProduct(double bytes, double flops) implements KernelModel {
    /** Of a large product's arithmetic: operands go through registers. */
    private static final double FLOPS_SHARE = 0.55;

    private static final double MEMORY_SHARE = 0.85;

    @Override
    public Prediction on(Chip chip) {
        double memory = bytes / (MEMORY_SHARE * chip.copyBytesPerSecond());
        double products = flops / (FLOPS_SHARE * chip.flopsPerSecond());
        return new Prediction(Math.max(memory, products) + Chip.FILL_SECONDS, chip.floorSeconds(bytes, flops),
                products > memory ? Bound.PRODUCTS : Bound.MEMORY, bytes, flops);
    }
}
