package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Comparisons of a result with its reference that name the worst coordinate. */
final class Closeness {
    /** The largest relative error of rounding to bfloat16. */
    static final double BF16 = 0x1p-8;

    /** The largest relative error of rounding to float32. */
    static final double F32 = 0x1p-24;

    /** Of the values that went through sums in another order, so many may be rounded the other way. */
    private static final double MAX_OTHERS = 0.02;

    private Closeness() {}

    /**
     * What a sum of {@code k} products may be off, given the sum of their absolute values: tensor cores add sixteen
     * products at a time and truncate.
     */
    static double sumError(int k, double sumOfAbsolutes) {
        return (k / 16 + 8) * 0x1p-22 * sumOfAbsolutes;
    }

    /** Each value is within its bound of the reference. */
    static void assertClose(String what, int columns, double[] expected, double[] bounds, float[] actual) {
        assertEquals(expected.length, actual.length, what);
        int worst = 0;
        double worstRatio = 0;
        for (int i = 0; i < actual.length; i++) {
            double error = Math.abs(actual[i] - expected[i]);
            double ratio = error <= 0x1p-120 ? 0 : error / Math.max(bounds[i], 0x1p-120);
            if (!(ratio <= worstRatio)) {
                worst = i;
                worstRatio = ratio;
            }
        }
        int at = worst;
        double ratio = worstRatio;
        assertTrue(ratio <= 1, () -> what + " [" + at / columns + ", " + at % columns + "]: expected " + expected[at]
                + " within " + bounds[at] + ", was " + actual[at] + ", " + ratio + " of the bound");
    }

    /** The same bits; a zero's sign does not matter. */
    static void assertSame(String what, int columns, float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < actual.length; i++) {
            int at = i;
            assertTrue(expected[i] == actual[i] || Float.isNaN(expected[i]) && Float.isNaN(actual[i]),
                    () -> what + " [" + at / columns + ", " + at % columns + "]: expected " + expected[at] + ", was "
                            + actual[at]);
        }
    }

    /** Nearly all bits are the CPU twin's, so it rounds at the same places; how far the rest is off, bounds say. */
    static void assertTwin(String what, int columns, float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length, what);
        int numOthers = 0;
        int last = 0;
        for (int i = 0; i < actual.length; i++) {
            if (expected[i] != actual[i]) {
                numOthers++;
                last = i;
            }
        }
        int num = numOthers;
        int at = last;
        assertTrue(num <= 1 + MAX_OTHERS * actual.length, () -> what + ": " + num + " of " + actual.length
                + " values are not the twin's, such as [" + at / columns + ", " + at % columns + "]: the twin has "
                + expected[at] + ", was " + actual[at]);
    }
}
