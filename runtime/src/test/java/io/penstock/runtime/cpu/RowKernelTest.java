package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RowKernelTest {
    private static final float[] EDGES = {0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE, -Float.MIN_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE, Elementwise.MIN_EXPONENT,
        Math.nextDown(Elementwise.MIN_EXPONENT), Math.nextUp(Elementwise.MIN_EXPONENT), Elementwise.MAX_EXPONENT,
        Math.nextDown(Elementwise.MAX_EXPONENT), Math.nextUp(Elementwise.MAX_EXPONENT), 1e-30f, -87.68f, 88.1f};

    private final RowKernel scalar = new ScalarRowKernel();
    private final RowKernel vector = new VectorRowKernel();

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 17, 64, 100})
    void bothTwinsHaveTheSameBitsAndTouchNothingElse(int n) {
        float[] gate = values(n + 8, 1);
        float[] up = values(n + 8, 2);
        float[] expected = gate.clone();
        float[] actual = gate.clone();
        scalar.siluAndMul(expected, 3, up, 5, n);
        vector.siluAndMul(actual, 3, up, 5, n);
        assertArrayEquals(bits(expected), bits(actual));

        expected = gate.clone();
        actual = gate.clone();
        scalar.expMinus(expected, 2, n, 1.5f);
        vector.expMinus(actual, 2, n, 1.5f);
        assertArrayEquals(bits(expected), bits(actual));

        scalar.scale(expected, 4, n, -1.7f);
        vector.scale(actual, 4, n, -1.7f);
        assertArrayEquals(bits(expected), bits(actual));

        scalar.roundBf16(expected, 1, n);
        vector.roundBf16(actual, 1, n);
        assertArrayEquals(bits(expected), bits(actual));

        scalar.copy(up, 2, expected, 3, n);
        vector.copy(up, 2, actual, 3, n);
        assertArrayEquals(bits(expected), bits(actual));

        scalar.add(expected, 4, gate, 6, n);
        vector.add(actual, 4, gate, 6, n);
        assertArrayEquals(bits(expected), bits(actual));

        scalar.multiply(expected, 1, expected, 1, gate, 7, n);
        vector.multiply(actual, 1, actual, 1, gate, 7, n);
        assertArrayEquals(bits(expected), bits(actual));

        scalar.multiplyAdd(expected, 2, up, 1, gate, 7, n);
        vector.multiplyAdd(actual, 2, up, 1, gate, 7, n);
        assertArrayEquals(bits(expected), bits(actual));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, 64, 264})
    void sumsOfSquaresAreTheSame(int n) {
        Random random = new Random(n);
        float[] x = new float[n + 3];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        assertEquals(scalar.sumOfSquares(x, 3, n), vector.sumOfSquares(x, 3, n));
    }

    @Test
    void edgesAndOneInManyOfAllFloatsHaveTheSameExponential() {
        int step = 4_099; // a prime: all exponents and signs, about a million values
        int number = (int) ((1L << 32) / step);
        float[] all = new float[number + EDGES.length];
        for (int i = 0; i < number; i++) {
            all[i] = Float.intBitsToFloat(i * step);
        }
        System.arraycopy(EDGES, 0, all, number, EDGES.length);
        float[] expected = all.clone();
        scalar.expMinus(expected, 0, all.length, 0);
        vector.expMinus(all, 0, all.length, 0);
        assertArrayEquals(bits(expected), bits(all));
    }

    private static float[] values(int n, int seed) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextInt(4) == 0 ? EDGES[random.nextInt(EDGES.length)]
                    : (float) (100 * random.nextGaussian());
        }
        return values;
    }

    /** All NaN are one. */
    private static int[] bits(float[] values) {
        return IntStream.range(0, values.length).map(i -> Float.floatToIntBits(values[i])).toArray();
    }
}
