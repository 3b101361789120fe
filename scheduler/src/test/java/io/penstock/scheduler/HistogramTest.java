package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class HistogramTest {
    @Test
    void boundsBelongToTheirBuckets() {
        var histogram = new Histogram(1, 2, 5);
        for (double value : new double[] {-3, 0, 1, 1.5, 2, 2.1, 5, 5.1, 1e9}) {
            histogram.record(value);
        }
        histogram.record(4, 10);
        long[] counts = new long[4];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = histogram.count(i);
        }
        assertArrayEquals(new long[] {3, 2, 12, 2}, counts);
        assertEquals(-3 + 1 + 1.5 + 2 + 2.1 + 5 + 5.1 + 1e9 + 40, histogram.sum(), 1e-6);
    }

    @Test
    void withoutBoundsAllIsAbove() {
        var histogram = new Histogram();
        histogram.record(7);
        assertEquals(1, histogram.count(0));
    }
}
