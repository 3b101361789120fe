package io.penstock.emulator;

import io.penstock.emulator.exec.CtaLimits;

/**
 * How an {@link EmulatorDevice} runs.
 *
 * @param seed of the order in which warps and blocks run; launch n of a device uses seed + n
 * @param maxFaults that are kept of a launch
 * @param memoryBytes of the device's memory, which is the heap's in the end
 * @param failsOnFault whether a launch with a fault throws and the device is lost, as a GPU's would be; otherwise
 *     faults are only collected
 * @param ctas thread blocks of a launch that run. Fewer than the grid has are for counting at sizes that would take too
 *     long: results are incomplete, and blocks that wait for others wait in vain
 * @param computeCapability of the device, as {@code DeviceProperties} counts: 80 or 90
 * @param checksStreams whether work of different streams is checked against each other: what touches one place, of
 *     which one writes it, must be ordered by events or by waiting. Costs memory and time
 */
public record EmulatorOptions(long seed, int maxFaults, long memoryBytes, boolean failsOnFault, CtaLimits ctas,
        int computeCapability, boolean checksStreams) {
    /** All blocks of a grid. */
    public static final int ALL_CTAS = Integer.MAX_VALUE;

    public EmulatorOptions {
        if (computeCapability != 80 && computeCapability != 90) {
            throw new IllegalArgumentException("compute capability " + computeCapability + ": 80 and 90 are possible");
        }
        if (maxFaults < 1 || memoryBytes < 1) {
            throw new IllegalArgumentException(maxFaults + " faults, " + memoryBytes + " bytes");
        }
    }

    /** All blocks run. */
    public EmulatorOptions(long seed, int maxFaults, long memoryBytes, boolean failsOnFault) {
        this(seed, maxFaults, memoryBytes, failsOnFault, new CtaLimits(ALL_CTAS), 80, false);
    }

    /** The same, but of each launch at most so many blocks. */
    public EmulatorOptions sampling(int numCtas) {
        return with(new CtaLimits(numCtas, ctas.resident()));
    }

    /** The same, but of each launch at most so many blocks at the same time, where they talk to each other. */
    public EmulatorOptions residing(int numCtas) {
        return with(new CtaLimits(ctas.all(), numCtas));
    }

    private EmulatorOptions with(CtaLimits limits) {
        return new EmulatorOptions(seed, maxFaults, memoryBytes, failsOnFault, limits, computeCapability,
                checksStreams);
    }

    /** The same on a device of another compute capability, 80 or 90: kernels for 9.0 alone need that one. */
    public EmulatorOptions on(int capability) {
        return new EmulatorOptions(seed, maxFaults, memoryBytes, failsOnFault, ctas, capability, checksStreams);
    }

    /** The same, and work of different streams is checked against each other. */
    public EmulatorOptions checkingStreams() {
        return new EmulatorOptions(seed, maxFaults, memoryBytes, failsOnFault, ctas, computeCapability, true);
    }

    /** Faults are collected, up to 100 a launch; memory is a third of the heap, for it takes over two bytes each. */
    public static EmulatorOptions collecting(long seed) {
        return new EmulatorOptions(seed, 100, Runtime.getRuntime().maxMemory() / 3, false);
    }

    /** The first fault ends it. */
    public static EmulatorOptions failing() {
        return new EmulatorOptions(0, 10, Runtime.getRuntime().maxMemory() / 3, true);
    }
}
