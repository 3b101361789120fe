package io.penstock.bench.loadgen.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.Statistics;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArrivalsTest {
    private static final int NUMBER = 20_000;

    private static double[] gapsNs(long[] offsets) {
        double[] gaps = new double[offsets.length];
        for (int i = 0; i < gaps.length; i++) {
            gaps[i] = offsets[i] - (i == 0 ? 0 : offsets[i - 1]);
        }
        return gaps;
    }

    /** The coefficient of variation of a gamma distribution is 1 / sqrt(shape). */
    @ParameterizedTest
    @ValueSource(doubles = {0.25, 1, 4})
    void gapsAreAsBurstyAsAsked(double burstiness) {
        long[] offsets = new Arrivals(50, burstiness, null).offsetsNs(NUMBER, 7);
        Statistics gaps = Statistics.of(gapsNs(offsets));
        assertEquals(1e9 / 50, gaps.mean(), 1e3);
        assertEquals(1 / Math.sqrt(burstiness), gaps.coefficientOfVariation(), 0.05 / Math.sqrt(burstiness));
        assertEquals(NUMBER / 50.0, offsets[NUMBER - 1] / 1e9, 1e-6);
    }

    @Test
    void aRegularRateIsRegular() {
        long[] offsets = new Arrivals(4, Double.POSITIVE_INFINITY, null).offsetsNs(5, 0);
        assertArrayEquals(new long[] {250_000_000, 500_000_000, 750_000_000, 1_000_000_000, 1_250_000_000}, offsets);
    }

    @Test
    void theSeedDecides() {
        Arrivals arrivals = new Arrivals(10, 1, null);
        assertArrayEquals(arrivals.offsetsNs(100, 3), arrivals.offsetsNs(100, 3));
        assertTrue(!Arrays.equals(arrivals.offsetsNs(100, 3), arrivals.offsetsNs(100, 4)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRampGoesFromOneRateToTheOther(boolean isExponential) {
        var ramp = new Arrivals.Ramp(isExponential, 10, 1000);
        double[] gaps = gapsNs(new Arrivals(Double.POSITIVE_INFINITY, 1, ramp).offsetsNs(NUMBER, 1));
        double first = Statistics.of(Arrays.copyOf(gaps, 200)).mean();
        double last = Statistics.of(Arrays.copyOfRange(gaps, NUMBER - 1000, NUMBER)).mean();
        double middle = Statistics.of(Arrays.copyOfRange(gaps, NUMBER / 2 - 500, NUMBER / 2 + 500)).mean();
        assertEquals(1e9 / 10, first, 0.4e9 / 10);
        assertEquals(1e9 / 1000, last, 0.15e9 / 1000);
        double rate = isExponential ? 100 : 505;
        assertEquals(1e9 / rate, middle, 0.15e9 / rate);
    }

    @Test
    void atOnceIsAtOnce() {
        assertArrayEquals(new long[3], Arrivals.AT_ONCE.offsetsNs(3, 0));
    }
}
