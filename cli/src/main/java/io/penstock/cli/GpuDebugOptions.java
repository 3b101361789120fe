package io.penstock.cli;

import io.penstock.device.cuda.CudaDevices;
import io.penstock.device.cuda.LaunchMode;
import io.penstock.device.cuda.NvtxRanges;
import io.penstock.device.cuda.RangesProbe;
import io.penstock.runtime.InputException;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.GraphMode;
import io.penstock.runtime.model.OperationObserver;
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
        CudaOptions shown = hasRanges ? options.withObserver(ranges()) : options;
        return isAwaited ? shown.withGraphs(GraphMode.OFF) : shown;
    }

    /**
     * Shows what is observed as ranges of NVTX.
     *
     * @throws InputException if this machine has none
     */
    static OperationObserver ranges() {
        return switch (CudaDevices.openRanges()) {
            case RangesProbe.Available found -> new Shown(found.ranges());
            case RangesProbe.Unavailable none -> throw new InputException("--nvtx: " + none.message());
        };
    }

    private record Shown(NvtxRanges ranges) implements OperationObserver {
        @Override
        public void before(String name) {
            ranges.push(name);
        }

        @Override
        public void after(String name) {
            ranges.pop();
        }
    }
}
