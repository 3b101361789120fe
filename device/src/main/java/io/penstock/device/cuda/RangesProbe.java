package io.penstock.device.cuda;

/** What looking for NVTX gave. */
public sealed interface RangesProbe {
    /** Ranges that NVIDIA's profilers show; they cost little where none is attached. */
    record Available(NvtxRanges ranges) implements RangesProbe {}

    /**
     * None.
     *
     * @param message one line for the user: what is missing and what to do
     */
    record Unavailable(String message) implements RangesProbe {}
}
