package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.function.BiConsumer;
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
        float[] x = values(n + 8, 2);
        float[] rows = values(3 * n + 8, 3);
        float[] weight = Arrays.copyOfRange(x, 1, 1 + n);
        assertSame(n, (kernel, out) -> kernel.siluAndMul(out, 3, out, 3, x, 5, n, new float[n]));
        assertSame(n, (kernel, out) -> kernel.siluAndMul(out, 3, rows, 1, x, 5, n, new float[n]));
        assertSame(n, (kernel, out) -> kernel.expMinus(out, 2, n, 1.5f));
        assertSame(n, (kernel, out) -> kernel.scale(out, 4, x, 1, n, -1.7f));
        assertSame(n, (kernel, out) -> kernel.scale(out, 4, out, 4, n, -1.7f));
        assertSame(n, (kernel, out) -> kernel.roundBf16(out, 1, n));
        assertSame(n, (kernel, out) -> kernel.copy(x, 2, out, 3, n));
        assertSame(n, (kernel, out) -> kernel.add(out, 4, x, 6, n));
        assertSame(n, (kernel, out) -> kernel.multiply(out, 1, out, 1, x, 7, n));
        assertSame(n, (kernel, out) -> kernel.scaleAndMultiply(out, 1, rows, 2, 0.7f, weight));
        assertSame(n, (kernel, out) -> kernel.sumRows(out, 1, rows, 2, 3, n));
        assertSame(n, (kernel, out) -> kernel.convolve(out, 2, rows, 1, n + 2, rows, n + 1, 3, n));
    }

    private void assertSame(int n, BiConsumer<RowKernel, float[]> operation) {
        float[] expected = values(n + 8, 1);
        float[] actual = expected.clone();
        operation.accept(scalar, expected);
        operation.accept(vector, actual);
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
