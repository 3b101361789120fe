package io.penstock.bench.machine;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Vector API kernels; every accumulator is a local so that it stays in a register. */
final class VectorPeakKernels implements PeakKernels {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    @Override
    public String name() {
        return "vector " + FLOATS.vectorBitSize() + " bit";
    }

    @Override
    public long flopsPerStep() {
        return 2L * NUM_ACCUMULATORS * FLOATS.length();
    }

    @Override
    public long sum(MemorySegment segment, long offset, int lengthBytes) {
        int width = LONGS.vectorByteSize();
        MemorySegment chunk = segment.asSlice(offset, lengthBytes);
        LongVector s0 = LongVector.zero(LONGS);
        LongVector s1 = LongVector.zero(LONGS);
        LongVector s2 = LongVector.zero(LONGS);
        LongVector s3 = LongVector.zero(LONGS);
        LongVector s4 = LongVector.zero(LONGS);
        LongVector s5 = LongVector.zero(LONGS);
        LongVector s6 = LongVector.zero(LONGS);
        LongVector s7 = LongVector.zero(LONGS);
        for (int at = 0; at < lengthBytes; at += 8 * width) {
            s0 = s0.add(LongVector.fromMemorySegment(LONGS, chunk, at, ORDER));
            s1 = s1.add(LongVector.fromMemorySegment(LONGS, chunk, at + width, ORDER));
            s2 = s2.add(LongVector.fromMemorySegment(LONGS, chunk, at + 2 * width, ORDER));
            s3 = s3.add(LongVector.fromMemorySegment(LONGS, chunk, at + 3 * width, ORDER));
            s4 = s4.add(LongVector.fromMemorySegment(LONGS, chunk, at + 4 * width, ORDER));
            s5 = s5.add(LongVector.fromMemorySegment(LONGS, chunk, at + 5 * width, ORDER));
            s6 = s6.add(LongVector.fromMemorySegment(LONGS, chunk, at + 6 * width, ORDER));
            s7 = s7.add(LongVector.fromMemorySegment(LONGS, chunk, at + 7 * width, ORDER));
        }
        return s0.add(s1).add(s2.add(s3)).add(s4.add(s5).add(s6.add(s7))).reduceLanes(VectorOperators.ADD);
    }

    @Override
    public float fma(int numSteps) {
        FloatVector factor = FloatVector.broadcast(FLOATS, FACTOR);
        FloatVector a0 = FloatVector.broadcast(FLOATS, 1f);
        FloatVector a1 = FloatVector.broadcast(FLOATS, 2f);
        FloatVector a2 = FloatVector.broadcast(FLOATS, 3f);
        FloatVector a3 = FloatVector.broadcast(FLOATS, 4f);
        FloatVector a4 = FloatVector.broadcast(FLOATS, 5f);
        FloatVector a5 = FloatVector.broadcast(FLOATS, 6f);
        FloatVector a6 = FloatVector.broadcast(FLOATS, 7f);
        FloatVector a7 = FloatVector.broadcast(FLOATS, 8f);
        FloatVector a8 = FloatVector.broadcast(FLOATS, 9f);
        FloatVector a9 = FloatVector.broadcast(FLOATS, 10f);
        FloatVector a10 = FloatVector.broadcast(FLOATS, 11f);
        FloatVector a11 = FloatVector.broadcast(FLOATS, 12f);
        for (int step = 0; step < numSteps; step += 2) {
            a0 = factor.fma(factor, a0);
            a1 = factor.fma(factor, a1);
            a2 = factor.fma(factor, a2);
            a3 = factor.fma(factor, a3);
            a4 = factor.fma(factor, a4);
            a5 = factor.fma(factor, a5);
            a6 = factor.fma(factor, a6);
            a7 = factor.fma(factor, a7);
            a8 = factor.fma(factor, a8);
            a9 = factor.fma(factor, a9);
            a10 = factor.fma(factor, a10);
            a11 = factor.fma(factor, a11);
            a0 = factor.fma(factor, a0);
            a1 = factor.fma(factor, a1);
            a2 = factor.fma(factor, a2);
            a3 = factor.fma(factor, a3);
            a4 = factor.fma(factor, a4);
            a5 = factor.fma(factor, a5);
            a6 = factor.fma(factor, a6);
            a7 = factor.fma(factor, a7);
            a8 = factor.fma(factor, a8);
            a9 = factor.fma(factor, a9);
            a10 = factor.fma(factor, a10);
            a11 = factor.fma(factor, a11);
        }
        FloatVector total = a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6.add(a7)))
                .add(a8.add(a9).add(a10.add(a11)));
        return total.reduceLanes(VectorOperators.ADD) / (NUM_ACCUMULATORS * FLOATS.length());
    }
}
