package io.penstock.runtime.check;

/**
 * Comparisons of a result with its reference that name the worst coordinate, and remember how near to its bound the
 * worst value of all was. What is further off is a {@link MismatchException}.
 */
public final class Closeness {
    /** The largest relative error of rounding to bfloat16. */
    static final double BF16 = 0x1p-8;

    /** The largest relative error of rounding to float32. */
    static final double F32 = 0x1p-24;

    /** Of the values that went through sums in another order, so many may be rounded the other way. */
    private static final double MAX_DIFFERENT = 0.02;

    private static final double TINY = 0x1p-120;

    private double worstRatio;

    /** The largest error so far, as a part of what was allowed; 0 where only the same bits were. */
    public double worstRatio() {
        return worstRatio;
    }

    /**
     * What a sum of {@code k} products may be off, given the sum of their absolute values: tensor cores add sixteen
     * products at a time and truncate.
     */
    static double sumError(int k, double sumOfAbsolutes) {
        return (k / 16 + 8) * 0x1p-22 * sumOfAbsolutes;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new MismatchException(message);
        }
    }

    private static void requireLength(String what, int expected, int actual) {
        require(expected == actual, what + ": " + expected + " values expected, " + actual + " given");
    }

    private static String at(String what, int columns, int i) {
        return what + " [" + i / columns + ", " + i % columns + "]: ";
    }

    /** Each value is within its bound of the reference. */
    void requireClose(String what, int columns, double[] expected, double[] bounds, float[] actual) {
        requireLength(what, expected.length, actual.length);
        int worst = 0;
        double ratioOfWorst = 0;
        for (int i = 0; i < actual.length; i++) {
            double error = Math.abs(actual[i] - expected[i]);
            double ratio = error <= TINY ? 0 : error / Math.max(bounds[i], TINY);
            if (!(ratio <= ratioOfWorst)) {
                worst = i;
                ratioOfWorst = ratio;
            }
            if (Double.isNaN(ratio)) {
                break;
            }
        }
        require(ratioOfWorst <= 1, at(what, columns, worst) + "expected " + expected[worst] + " within "
                + bounds[worst] + ", was " + actual[worst] + ", " + ratioOfWorst + " of the bound");
        worstRatio = Math.max(worstRatio, ratioOfWorst);
    }

    /** The same bits; a zero's sign does not matter. */
    public void requireSame(String what, int columns, float[] expected, float[] actual) {
        requireLength(what, expected.length, actual.length);
        for (int i = 0; i < actual.length; i++) {
            if (expected[i] != actual[i] && !(Float.isNaN(expected[i]) && Float.isNaN(actual[i]))) {
                throw new MismatchException(
                        at(what, columns, i) + "expected " + expected[i] + ", was " + actual[i]);
            }
        }
    }

    /**
     * The CPU twin's values, but for a few: it rounds at the same places, and sums in another order now and then fall
     * on the other side. How far those few may be off, the reference's bounds say.
     */
    void requireTwin(String what, int columns, float[] expected, float[] actual) {
        requireTwin(what, columns, expected, actual, 1);
    }

    /**
     * The same where one rounding reaches several values.
     *
     * @param inOneRow values that a single rounding may move; so many may differ beside the usual few
     */
    void requireTwin(String what, int columns, float[] expected, float[] actual, int inOneRow) {
        requireLength(what, expected.length, actual.length);
        int numDifferent = 0;
        int worst = 0;
        double largest = 0;
        for (int i = 0; i < actual.length; i++) {
            if (expected[i] != actual[i]) {
                numDifferent++;
                double difference = Math.abs((double) expected[i] - actual[i]);
                if (!(difference <= largest)) {
                    worst = i;
                    largest = difference;
                }
            }
        }
        require(numDifferent <= inOneRow + MAX_DIFFERENT * actual.length,
                at(what, columns, worst) + "the CPU twin has "
                + expected[worst] + ", was " + actual[worst] + "; " + numDifferent + " of " + actual.length
                + " values are not the twin's");
    }
}
