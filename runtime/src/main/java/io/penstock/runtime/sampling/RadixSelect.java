package io.penstock.runtime.sampling;

import java.util.Arrays;

/**
 * Finds the value at which a set of numbers has to be cut, without sorting them: a histogram of the leading bits, then
 * only the numbers of one bucket, then of the next bits. At most six passes whatever the numbers are, and the result
 * does not depend on their order. Plus and minus zero are the same number; NaN is not allowed.
 */
final class RadixSelect {
    private static final int DIGIT_BITS = 11;
    private static final int NUM_BUCKETS = 1 << DIGIT_BITS;
    private static final int FIRST_SHIFT = Long.SIZE - DIGIT_BITS;

    private final long[] keys;
    private final long[] keyMasses;
    private final int[] counts = new int[NUM_BUCKETS];
    private final long[] digitMasses = new long[NUM_BUCKETS];

    RadixSelect(int maxNumbers) {
        keys = new long[maxNumbers];
        keyMasses = new long[maxNumbers];
    }

    /** The k-th largest of the first {@code size} values, minus infinity when fewer than k are larger than that. */
    double kthLargest(double[] values, int size, int k) {
        int numKeys = 0;
        for (int i = 0; i < size; i++) {
            if (values[i] > Double.NEGATIVE_INFINITY) {
                keys[numKeys++] = key(values[i]);
            }
        }
        if (numKeys < k) {
            return Double.NEGATIVE_INFINITY;
        }
        int rank = k;
        for (int shift = FIRST_SHIFT; numKeys > 1; shift = nextShift(shift)) {
            Arrays.fill(counts, 0);
            for (int i = 0; i < numKeys; i++) {
                counts[digit(keys[i], shift)]++;
            }
            int digit = NUM_BUCKETS - 1;
            while (counts[digit] < rank) {
                rank -= counts[digit--];
            }
            numKeys = keepDigit(numKeys, shift, digit);
            if (shift == 0) {
                break;
            }
        }
        return value(keys[0]);
    }

    /**
     * The value v for which the mass of all larger ones is below {@code limit}, and with all equal to v is not: the
     * last value that a nucleus of that mass takes in. The smallest value when there is too little mass.
     */
    double massThreshold(double[] values, long[] masses, int size, long limit) {
        for (int i = 0; i < size; i++) {
            keys[i] = key(values[i]);
            keyMasses[i] = masses[i];
        }
        int numKeys = size;
        long massInFront = 0;
        for (int shift = FIRST_SHIFT; numKeys > 1; shift = nextShift(shift)) {
            Arrays.fill(counts, 0);
            Arrays.fill(digitMasses, 0);
            for (int i = 0; i < numKeys; i++) {
                int digit = digit(keys[i], shift);
                counts[digit]++;
                digitMasses[digit] += keyMasses[i];
            }
            int chosen = -1;
            for (int digit = NUM_BUCKETS - 1; digit >= 0; digit--) {
                if (counts[digit] > 0) {
                    chosen = digit;
                    if (massInFront + digitMasses[digit] >= limit) {
                        break;
                    }
                    massInFront += digitMasses[digit];
                }
            }
            numKeys = keepDigit(numKeys, shift, chosen);
            if (shift == 0) {
                break;
            }
        }
        return value(keys[0]);
    }

    private int keepDigit(int numKeys, int shift, int digit) {
        int kept = 0;
        for (int i = 0; i < numKeys; i++) {
            long key = keys[i];
            keys[kept] = key;
            keyMasses[kept] = keyMasses[i];
            kept += digit(key, shift) == digit ? 1 : 0;
        }
        return kept;
    }

    private static int nextShift(int shift) {
        return Math.max(0, shift - DIGIT_BITS);
    }

    private static int digit(long key, int shift) {
        return (int) (key >>> shift) & NUM_BUCKETS - 1;
    }

    /** Maps numbers to longs that are in the same order when compared without sign. */
    private static long key(double value) {
        long bits = Double.doubleToRawLongBits(value + 0.0);
        return bits ^ (bits >> Long.SIZE - 1 | Long.MIN_VALUE);
    }

    private static double value(long key) {
        return Double.longBitsToDouble(key ^ (~key >> Long.SIZE - 1 | Long.MIN_VALUE));
    }
}
