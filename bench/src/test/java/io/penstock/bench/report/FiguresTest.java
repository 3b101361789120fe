package io.penstock.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FiguresTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "0.00012345, 0.000123", "0.5, 0.5", "1.5, 1.5", "1.234, 1.23", "12.34, 12.3", "123.4, 123",
        "100, 100", "'1234.6', '1,235'", "'1234567', '1,234,567'", "2.5e12, 2.50e12", "-3.14159, -3.14"})
    void threeDigits(double value, String shown) {
        assertEquals(shown, Figures.show(value));
    }

    @ParameterizedTest
    @CsvSource({"20000, 20K", "1500000, 1.5M", "9000, '9,000'", "4e9, 4G"})
    void ticks(double value, String shown) {
        assertEquals(shown, Figures.tick(value));
    }

    @Test
    void linearAxesBeginAtZeroAndTickAtRoundValues() {
        Axis axis = Axis.around("x", false, DoubleStream.of(3, 47));
        assertEquals(0, axis.share(0));
        assertEquals(List.of(0.0, 10.0, 20.0, 30.0, 40.0), axis.ticks());
        assertTrue(axis.share(47) < 1);
    }

    @Test
    void logAxesHoldAllValuesEvenOne() {
        for (double[] values : new double[][] {{1}, {0.001, 1e6}, {5, 5}, {}}) {
            Axis axis = Axis.around("x", true, DoubleStream.of(values));
            for (double value : values) {
                assertTrue(axis.share(value) >= 0 && axis.share(value) <= 1, value + " on " + axis);
            }
            assertTrue(axis.ticks().size() >= 1 && axis.ticks().size() < 14, axis.ticks()::toString);
        }
        assertThrows(IllegalArgumentException.class, () -> new Axis("x", true, 0, 1, List.of()));
    }
}
