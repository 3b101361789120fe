package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RadixSelectTest {
    private final RadixSelect select = new RadixSelect(3000);

    @Test
    void kthLargestIsWhatSortingGives() {
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 400; round++) {
            double[] values = values(random, round % 6, 1 + random.nextInt(round < 300 ? 50 : 3000));
            double[] sorted = values.clone();
            for (int i = 0; i < sorted.length; i++) {
                sorted[i] += 0.0;
            }
            Arrays.sort(sorted);
            for (int k : new int[] {1, 2, 1 + random.nextInt(values.length), values.length}) {
                if (k <= values.length) {
                    assertEquals(sorted[values.length - k], select.kthLargest(values, values.length, k),
                            "round " + round + ", k " + k);
                }
            }
        }
    }

    @Test
    void massThresholdIsWhatSortingGives() {
        SplittableRandom random = new SplittableRandom(2);
        for (int round = 0; round < 400; round++) {
            int size = 1 + random.nextInt(round < 300 ? 50 : 3000);
            double[] values = values(random, round % 6, size);
            long[] masses = random.longs(size, 0, 1L << 40).toArray();
            long total = Arrays.stream(masses).sum();
            long limit = 1 + (long) (total * random.nextDouble(0.001, 0.999));
            Integer[] order = new Integer[size];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, Comparator.comparingDouble(i -> -(values[i] + 0.0)));
            long mass = 0;
            int at = -1;
            while (mass < limit && at < size - 1) {
                mass += masses[order[++at]];
            }
            assertEquals(values[order[at]] + 0.0, select.massThreshold(values, masses, size, limit), "round " + round);
        }
    }

    @Test
    void tooLittleMassTakesTheSmallest() {
        assertEquals(0.5, select.massThreshold(new double[] {2, 0.5, 1}, new long[] {4, 1, 2}, 3, 100));
        assertEquals(2, select.massThreshold(new double[] {2, 0.5, 1}, new long[] {4, 1, 2}, 3, 0));
    }

    @Test
    void theBuffersEndIsNotRead() {
        double[] values = {3, 1, 2, 100, 100};
        assertEquals(2, select.kthLargest(values, 3, 2));
        assertEquals(Double.NEGATIVE_INFINITY, select.kthLargest(values, 3, 4));
    }

    private static double[] values(SplittableRandom random, int kind, int size) {
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = switch (kind) {
                case 0 -> random.nextInt(-3, 4);
                case 1 -> random.nextDouble(-20, 20);
                case 2 -> Double.longBitsToDouble(random.nextLong() & ~(1L << 62));
                case 3 -> random.nextBoolean() ? Double.NEGATIVE_INFINITY : random.nextDouble();
                case 4 -> random.nextBoolean() ? 0.0 : -0.0;
                default -> 1 + random.nextInt(3) * Math.ulp(1.0);
            };
        }
        return values;
    }
}
