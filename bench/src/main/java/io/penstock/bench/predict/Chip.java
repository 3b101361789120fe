package io.penstock.bench.predict;

import io.penstock.bench.simulate.DeviceSpec;
import io.penstock.device.DeviceProperties;
import io.penstock.runtime.InputException;
import java.util.List;

/**
 * A device of compute capability 9.0 as the predictions see it. Every figure that no data sheet has is an assumption,
 * and stands here.
 *
 * @param copyBytesPerSecond that a large copy reaches
 * @param flopsPerSecond that a large matrix product reaches
 * @param busBytesPerSecond between device and host, one direction
 * @param numMultiprocessors that kernels are launched on
 */
public record Chip(String name, double copyBytesPerSecond, double flopsPerSecond, double busBytesPerSecond,
        int numMultiprocessors) {
    private static final int NUM_MULTIPROCESSORS = 132;

    private static final int COMPUTE_CAPABILITY = 90;

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

    /** What one block wrote until another one that waits for it sees it: two ways to L2. */
    static final double FLAG_SECONDS = 1.2e-6;

    /** A copy between host and device, beside its bytes; and the start of a graph behind one. */
    static final double HOST_COPY_SECONDS = 2.5e-6;

    static final double GRAPH_SECONDS = 5e-6;

    /** Warp instructions of a multiprocessor in a clock. */
    static final double ISSUES_PER_CLOCK = 4;

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
            case "h200" ->
                new Chip("h200", spec.bytesPerSecond(), spec.flopsPerSecond(), spec.busBytesPerSecond(),
                        NUM_MULTIPROCESSORS);
            case "h100" -> new Chip("h100", COPY_SHARE * spec.bytesPerSecond(), spec.flopsPerSecond(),
                    spec.busBytesPerSecond(), NUM_MULTIPROCESSORS);
            default -> throw new InputException("no predictions for '" + name + "': there are " + NAMES
                    + ", the kernels of other devices have no model");
        };
    }

    /** What one of several has, who share the multiprocessors: all of memory, while the others leave it alone. */
    Chip share(int numShares) {
        return new Chip(name, copyBytesPerSecond, flopsPerSecond / numShares, busBytesPerSecond,
                numMultiprocessors / numShares);
    }

    /** What launchers see of it. */
    DeviceProperties properties() {
        return new DeviceProperties(name, "none", COMPUTE_CAPABILITY, new DeviceProperties.Cores(
                numMultiprocessors, 0, 2048, 65_536, 228 << 10, 227 << 10), new DeviceProperties.Memory(0, 0, 0, 0));
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
