package io.penstock.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsTest {
    private static final Statistics FIVE = Statistics.of(50, 15, 40, 20, 35);

    @ParameterizedTest
    @CsvSource({"0,15", "5,15", "20,15", "20.1,20", "30,20", "40,20", "50,35", "80,40", "80.5,50", "100,50"})
    void percentileIsTheNearestRank(double percent, double expected) {
        assertEquals(expected, FIVE.percentile(percent));
    }

    @ParameterizedTest
    @CsvSource({"7,7", "29,29", "55,55", "99,99", "99.9,100"})
    void percentileOfAHundredIsNotMovedByRounding(double percent, double expected) {
        double[] samples = new double[100];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = 100 - i;
        }
        assertEquals(expected, Statistics.of(samples).percentile(percent));
    }

    @Test
    void percentileOfAThousandIsNotMovedByRounding() {
        double[] samples = new double[1000];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = i + 1;
        }
        Statistics statistics = Statistics.of(samples);
        for (int tenths = 1; tenths <= 1000; tenths++) {
            assertEquals(tenths, statistics.percentile(tenths / 10.0), "p" + tenths / 10.0);
        }
    }

    @Test
    void summarises() {
        assertEquals(5, FIVE.numSamples());
        assertEquals(15, FIVE.min());
        assertEquals(50, FIVE.max());
        assertEquals(32, FIVE.mean());
        assertEquals(35, FIVE.median());
        assertEquals(Math.sqrt(830.0 / 4), FIVE.standardDeviation(), 1e-12);
        assertEquals(Math.sqrt(830.0 / 4) / 32, FIVE.coefficientOfVariation(), 1e-12);
    }

    @Test
    void medianOfAnEvenNumberIsTheMeanOfTheMiddleTwo() {
        assertEquals(2.5, Statistics.of(4, 1, 3, 2).median());
        assertEquals(Double.MAX_VALUE, Statistics.of(Double.MAX_VALUE, Double.MAX_VALUE).median());
    }

    @Test
    void oneSampleDoesNotVary() {
        Statistics one = Statistics.of(3);
        assertEquals(3, one.median());
        assertEquals(3, one.percentile(99));
        assertEquals(0, one.standardDeviation());
        assertEquals(0, one.coefficientOfVariation());
    }

    @Test
    void variationAroundZeroIsInfiniteAndOfNegativesPositive() {
        assertEquals(0, Statistics.of(0, 0).coefficientOfVariation());
        assertEquals(Double.POSITIVE_INFINITY, Statistics.of(-1, 1).coefficientOfVariation());
        assertEquals(Math.sqrt(2) / 2, Statistics.of(-1, -3).coefficientOfVariation(), 1e-12);
    }

    @Test
    void mergesAllSamplesAndCopiesThem() {
        double[] samples = {3, 1};
        Statistics merged = Statistics.of(samples).merge(Statistics.of(2, 9));
        samples[0] = 100;
        assertEquals(4, merged.numSamples());
        assertEquals(2.5, merged.median());
        assertEquals(9, merged.max());
        assertEquals(3.75, merged.mean());
    }

    @Test
    void refusesNothingAndNonNumbers() {
        assertThrows(IllegalArgumentException.class, Statistics::of);
        assertThrows(IllegalArgumentException.class, () -> Statistics.of(1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Statistics.of(Double.POSITIVE_INFINITY));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 100.1, Double.NaN})
    void refusesPercentilesOutsideTheirRange(double percent) {
        assertThrows(IllegalArgumentException.class, () -> FIVE.percentile(percent));
    }
}
