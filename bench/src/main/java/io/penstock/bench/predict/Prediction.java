package io.penstock.bench.predict;

/**
 * What one launch should take.
 *
 * @param seconds from its first to its last instruction
 * @param floorSeconds what its bytes or its arithmetic take at least
 * @param bound what decides
 * @param bytes that memory moves
 * @param flops of useful work
 */
public record Prediction(double seconds, double floorSeconds, Bound bound, double bytes, double flops) {
    /** What decides how long a kernel takes. */
    public enum Bound {
        /** Bytes of memory. */
        MEMORY,
        /** Too few bytes under way to keep memory busy. */
        IN_FLIGHT,
        /** Tensor cores, or bytes from the L2 cache to them, with what comes between two products. */
        PRODUCTS,
        /** The time until anything happens. */
        LATENCY
    }

    /** The floor's share of the time. */
    public double share() {
        return floorSeconds / seconds;
    }

    /** Useful arithmetic a second. */
    public double flopsPerSecond() {
        return flops / seconds;
    }
}
