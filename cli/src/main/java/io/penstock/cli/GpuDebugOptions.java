package io.penstock.cli;

import io.penstock.device.ProfilerRanges;
import io.penstock.device.cuda.CudaDevices;
import io.penstock.device.cuda.LaunchMode;
import io.penstock.device.cuda.RangesProbe;
import io.penstock.runtime.InputException;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.GraphMode;
import picocli.CommandLine.Option;

/** How one looks into what a GPU does. */
final class GpuDebugOptions {
    @Option(
            names = "--sync-launches",
            description = "Waits for each launch, without graphs: slow, but when a kernel fails on a GPU the message"
                    + " names it, its grid and its block.")
    private boolean isAwaited;

    @Option(
            names = "--nvtx",
            description = "Shows steps and their operations as ranges in NVIDIA's profilers; with --graphs off those"
                    + " of decode steps too.")
    private boolean hasRanges;

    /** Whether one of them was given. */
    boolean areGiven() {
        return isAwaited || hasRanges;
    }

    LaunchMode mode() {
        return isAwaited ? LaunchMode.AWAITED : LaunchMode.QUEUED;
    }

    CudaOptions applied(CudaOptions options) {
        CudaOptions shown = hasRanges ? options.withRanges(ranges()) : options;
        return isAwaited ? shown.withGraphs(GraphMode.OFF) : shown;
    }

    /**
     * The ranges of NVTX.
     *
     * @throws InputException if this machine has none
     */
    static ProfilerRanges ranges() {
        return switch (CudaDevices.openRanges()) {
            case RangesProbe.Available found -> found.ranges();
            case RangesProbe.Unavailable none -> throw new InputException("--nvtx: " + none.message());
        };
    }
}
