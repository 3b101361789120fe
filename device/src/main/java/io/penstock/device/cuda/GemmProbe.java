package io.penstock.device.cuda;

import io.penstock.device.Gemm;

/** What looking for cuBLAS gave. */
public sealed interface GemmProbe {
    /** cuBLAS, opened; whoever asked owns it. */
    record Available(Gemm gemm) implements GemmProbe {}

    /**
     * None.
     *
     * @param message one line for the user: what is missing and what to do
     */
    record Unavailable(String message) implements GemmProbe {}
}
