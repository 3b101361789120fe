package io.penstock.bench.machine;

import java.lang.foreign.MemorySegment;

/** The two loops whose speed is the machine's peak; both twins compute the same. */
sealed interface PeakKernels permits VectorPeakKernels, ScalarPeakKernels {
    /** Independent accumulators of the fp32 loop: at least latency x FMA units (4 x 2 on today's cores). */
    int NUM_ACCUMULATORS = 12;

    /** Chunk lengths are multiples of this. */
    int READ_STEP_BYTES = 1024;

    /** Its square is added each step; 2^-7, so that every sum of up to 2^14 steps is exact. */
    float FACTOR = 0x1p-7f;

    static PeakKernels select() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
                ? new VectorPeakKernels()
                : new ScalarPeakKernels();
    }

    String name();

    /** The wrapping sum of the 64-bit words in {@code lengthBytes} from {@code offset}. */
    long sum(MemorySegment segment, long offset, int lengthBytes);

    /**
     * Starts accumulator i at i + 1 in every lane and adds FACTOR x FACTOR to it {@code numSteps} times, an even
     * number: unrolled once, since the loop's own instructions cost a sixth of the peak of narrow vectors. Returns the
     * mean of all lanes.
     */
    float fma(int numSteps);

    /** What {@link #fma} has to return, exactly, for up to 2^14 steps. */
    static float fmaMean(int numSteps) {
        return (NUM_ACCUMULATORS + 1) / 2f + numSteps * FACTOR * FACTOR;
    }

    /** Floating-point operations of one step of {@link #fma}. */
    long flopsPerStep();
}
