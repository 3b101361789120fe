package io.penstock.bench.machine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Plain Java kernels, for a JVM started without {@code jdk.incubator.vector}. */
final class ScalarPeakKernels implements PeakKernels {
    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public long flopsPerStep() {
        return 2L * NUM_ACCUMULATORS;
    }

    @Override
    public long sum(MemorySegment segment, long offset, int lengthBytes) {
        long s0 = 0;
        long s1 = 0;
        long s2 = 0;
        long s3 = 0;
        long s4 = 0;
        long s5 = 0;
        long s6 = 0;
        long s7 = 0;
        MemorySegment chunk = segment.asSlice(offset, lengthBytes);
        for (int at = 0; at < lengthBytes; at += 64) {
            s0 += chunk.get(ValueLayout.JAVA_LONG, at);
            s1 += chunk.get(ValueLayout.JAVA_LONG, at + 8);
            s2 += chunk.get(ValueLayout.JAVA_LONG, at + 16);
            s3 += chunk.get(ValueLayout.JAVA_LONG, at + 24);
            s4 += chunk.get(ValueLayout.JAVA_LONG, at + 32);
            s5 += chunk.get(ValueLayout.JAVA_LONG, at + 40);
            s6 += chunk.get(ValueLayout.JAVA_LONG, at + 48);
            s7 += chunk.get(ValueLayout.JAVA_LONG, at + 56);
        }
        return s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
    }

    @Override
    public float fma(int numSteps) {
        float a0 = 1f;
        float a1 = 2f;
        float a2 = 3f;
        float a3 = 4f;
        float a4 = 5f;
        float a5 = 6f;
        float a6 = 7f;
        float a7 = 8f;
        float a8 = 9f;
        float a9 = 10f;
        float a10 = 11f;
        float a11 = 12f;
        for (int step = 0; step < numSteps; step += 2) {
            a0 = Math.fma(FACTOR, FACTOR, a0);
            a1 = Math.fma(FACTOR, FACTOR, a1);
            a2 = Math.fma(FACTOR, FACTOR, a2);
            a3 = Math.fma(FACTOR, FACTOR, a3);
            a4 = Math.fma(FACTOR, FACTOR, a4);
            a5 = Math.fma(FACTOR, FACTOR, a5);
            a6 = Math.fma(FACTOR, FACTOR, a6);
            a7 = Math.fma(FACTOR, FACTOR, a7);
            a8 = Math.fma(FACTOR, FACTOR, a8);
            a9 = Math.fma(FACTOR, FACTOR, a9);
            a10 = Math.fma(FACTOR, FACTOR, a10);
            a11 = Math.fma(FACTOR, FACTOR, a11);
            a0 = Math.fma(FACTOR, FACTOR, a0);
            a1 = Math.fma(FACTOR, FACTOR, a1);
            a2 = Math.fma(FACTOR, FACTOR, a2);
            a3 = Math.fma(FACTOR, FACTOR, a3);
            a4 = Math.fma(FACTOR, FACTOR, a4);
            a5 = Math.fma(FACTOR, FACTOR, a5);
            a6 = Math.fma(FACTOR, FACTOR, a6);
            a7 = Math.fma(FACTOR, FACTOR, a7);
            a8 = Math.fma(FACTOR, FACTOR, a8);
            a9 = Math.fma(FACTOR, FACTOR, a9);
            a10 = Math.fma(FACTOR, FACTOR, a10);
            a11 = Math.fma(FACTOR, FACTOR, a11);
        }
        float total = a0 + a1 + (a2 + a3) + (a4 + a5 + (a6 + a7)) + (a8 + a9 + (a10 + a11));
        return total / NUM_ACCUMULATORS;
    }
}
