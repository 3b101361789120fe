package io.penstock.bench.predict;

import io.penstock.bench.predict.Prediction.Bound;

/**
 * {@code attention} of one token a sequence: warpgroups that have a chunk of keys and values of one kv
 * head each.
 *
 * @param bytes of keys, values, queries and results
 */
public record DecodeAttention(int numSeqs, int context, int numKvHeads, double bytes, double flops)
        implements KernelModel {
    private static final int CHUNK_TOKENS = 512;
    private static final int WARPGROUPS_OF_MULTIPROCESSOR = 2;

    /** A warpgroup's ring of tiles. */
    private static final double RING_BYTES = 6 * 16_384;

    /** A chunk's last keys until its result is written, and where a context has several, until they are merged. */
    private static final double TAIL_SECONDS = 1e-6;

    @Override
    public Prediction on(Chip chip) {
        double numChunks = (double) numSeqs * numKvHeads * Math.ceilDiv(context, CHUNK_TOKENS);
        double numRings = Math.min(numChunks, chip.numMultiprocessors() * WARPGROUPS_OF_MULTIPROCESSOR);
        double useful = chip.usefulInFlightBytes(chip.numMultiprocessors());
        double memory = chip.memorySeconds(bytes, Math.min(numRings * RING_BYTES, useful));
        boolean isStarved = memory > 1.01 * bytes / chip.readBytesPerSecond();
        return new Prediction(memory + Chip.FILL_SECONDS + TAIL_SECONDS, chip.floorSeconds(bytes, flops),
                isStarved ? Bound.IN_FLIGHT : Bound.MEMORY, bytes, flops);
    }
}
