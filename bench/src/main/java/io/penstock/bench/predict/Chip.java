package io.penstock.bench.predict;

import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.runtime.InputException;
import java.util.List;

/**
 * A device of compute capability 9.0 as the predictions see it. Every figure that no data sheet has is an assumption,
 * and stands here.
 *
 * @param copyBytesPerSecond that a large copy reaches
 * @param flopsPerSecond that a large matrix product reaches
 * @param numMultiprocessors that kernels are launched on
 */
public record Chip(String name, double copyBytesPerSecond, double flopsPerSecond, int numMultiprocessors) {
    private static final int NUM_MULTIPROCESSORS = 132;

    /** With all tensor cores at work, below the 1,980 MHz of a light load. */
    static final double CLOCKS_PER_SECOND = 1.755e9;

    /** From asking memory to having a byte, while memory is busy. */
    static final double LATENCY_SECONDS = 0.8e-6;

    /** Of a copy's rate, what reads in one direction by many blocks reach. */
    static final double READ_SHARE = 0.93;

    /** From a kernel's first instruction to its first product or row: indices, then the first stage. */
    static final double FILL_SECONDS = 1.4e-6;

    /** Between two kernels of a graph. */
    static final double GAP_SECONDS = 1.1e-6;

    /** From L2 to one multiprocessor, when all ask: what {@code TiledBlock} counts with. */
    static final double L2_BYTES_PER_CLOCK = 40;

    /** Where a vendor's bandwidth is all that is known, a copy reaches about nine tenths of it. */
    private static final double COPY_SHARE = 0.9;

    /** The devices that there are predictions for. */
    public static final List<String> NAMES = List.of("h200", "h100");

    /** A known device; another one is refused with the known ones. */
    public static Chip named(String name) {
        DeviceSpec spec = DeviceSpec.named(name);
        return switch (spec.name()) {
            case "h200" -> new Chip("h200", spec.bytesPerSecond(), spec.flopsPerSecond(), NUM_MULTIPROCESSORS);
            case "h100" -> new Chip("h100", COPY_SHARE * spec.bytesPerSecond(), spec.flopsPerSecond(),
                    NUM_MULTIPROCESSORS);
            default -> throw new InputException("no predictions for '" + name + "': there are " + NAMES
                    + ", the kernels of other devices have no model");
        };
    }

    /** What one of several has, who share the multiprocessors: all of memory, while the others leave it alone. */
    Chip share(int numShares) {
        return new Chip(name, copyBytesPerSecond, flopsPerSecond / numShares, numMultiprocessors / numShares);
    }

    /** Bytes a second that kernels get from memory, all together. */
    double readBytesPerSecond() {
        return READ_SHARE * copyBytesPerSecond;
    }

    /** What bytes and arithmetic take at least. */
    double floorSeconds(double bytes, double flops) {
        return Math.max(bytes / copyBytesPerSecond, flops / flopsPerSecond);
    }

    /**
     * What bytes of memory take with so many under way: by Little's law the rate is no more than what is under way in
     * the time of one access.
     */
    double memorySeconds(double bytes, double inFlightBytes) {
        return bytes / Math.min(readBytesPerSecond(), inFlightBytes / LATENCY_SECONDS);
    }

    /** The most bytes under way that matter to so many multiprocessors: with more, they wait for the way from L2. */
    double usefulInFlightBytes(int number) {
        return Math.min(number, numMultiprocessors) * L2_BYTES_PER_CLOCK * CLOCKS_PER_SECOND * LATENCY_SECONDS;
    }
}
