package io.penstock.bench.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PeakKernelsTest {
    static List<PeakKernels> kernels() {
        return List.of(new ScalarPeakKernels(), new VectorPeakKernels());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void sumReadsEveryWordOfTheChunkAndNoOther(PeakKernels kernels) {
        int lengthBytes = 3 * PeakKernels.READ_STEP_BYTES;
        int offset = 5 * 64;
        try (Arena arena = Arena.ofConfined()) {
            var words = arena.allocate(2 * offset + lengthBytes, 64);
            SplittableRandom random = new SplittableRandom(7);
            long expected = 0;
            for (long at = 0; at < words.byteSize(); at += Long.BYTES) {
                long word = random.nextLong();
                words.set(ValueLayout.JAVA_LONG, at, word);
                expected += at >= offset && at < offset + lengthBytes ? word : 0;
            }
            assertEquals(expected, kernels.sum(words, offset, lengthBytes));
            for (long at = offset; at < offset + lengthBytes; at += Long.BYTES) {
                long word = words.get(ValueLayout.JAVA_LONG, at);
                words.set(ValueLayout.JAVA_LONG, at, word + 1);
                assertNotEquals(expected, kernels.sum(words, offset, lengthBytes), "word at " + at + " is not read");
                words.set(ValueLayout.JAVA_LONG, at, word);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void everyAccumulatorTakesEveryStep(PeakKernels kernels) {
        for (int numSteps : new int[] {0, 2, 4, 1 << 10, 1 << 14}) {
            assertEquals(PeakKernels.fmaMean(numSteps), kernels.fma(numSteps), numSteps + " steps");
        }
        assertEquals(7.5f, kernels.fma(1 << 14));
    }

    @Test
    void flopsCountAMultiplyAndAnAddInEachLane() {
        assertEquals(24, new ScalarPeakKernels().flopsPerStep());
        VectorPeakKernels vector = new VectorPeakKernels();
        int numLanes = Integer.parseInt(vector.name().replaceAll("\\D", "")) / Float.SIZE;
        assertEquals(24L * numLanes, vector.flopsPerStep());
    }

    @Test
    void selectsVectorsWhereTheModuleIsThere() {
        assertInstanceOf(VectorPeakKernels.class, PeakKernels.select());
    }
}
