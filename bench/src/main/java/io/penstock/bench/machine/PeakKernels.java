package io.penstock.bench.machine;

import java.lang.foreign.MemorySegment;

/** The two loops whose speed is the machine's peak; both twins compute the same. */
sealed interface PeakKernels permits VectorPeakKernels, ScalarPeakKernels {
    /** Independent accumulators of the fp32 loop: at least latency x FMA units (4 x 2 on today's cores). */
    int NUM_ACCUMULATORS = 12;

    /** Chunk lengths are multiples of this. */
    int READ_STEP_BYTES = 1024;

    /** The fixed point of x -> MULTIPLIER x + ADDEND is near 1: no overflow, no denormals, however long it runs. */
    float MULTIPLIER = 0.999f;
    float ADDEND = 0.001f;

    static PeakKernels select() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
                ? new VectorPeakKernels()
                : new ScalarPeakKernels();
    }

    String name();

    /** The wrapping sum of the 64-bit words in {@code lengthBytes} from {@code offset}. */
    long sum(MemorySegment segment, long offset, int lengthBytes);

    /** Steps accumulator i, started at i + 1 in every lane, {@code numSteps} times; the mean of all lanes. */
    float fma(int numSteps);

    /** Floating-point operations of one step of {@link #fma}. */
    long flopsPerStep();
}
