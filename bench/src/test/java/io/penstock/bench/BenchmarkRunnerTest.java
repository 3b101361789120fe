package io.penstock.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchmarkRunnerTest {
    private long nowNs = Long.MAX_VALUE - 5;
    private final List<String> events = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({
        "3, 100,   0,  3",
        "3, 100,  25,  3",
        "3, 100,  30,  3",
        "3, 100,  31,  4",
        "1, 100,  95, 10",
        "1,   6, 950,  6",
        "4,   4, 950,  4"})
    void runsAtLeastMinRunsThenUntilTimeOrMaxRuns(int minRuns, int maxRuns, long maxTimeNs, int expectedRuns) {
        RunSeries series = runner(new Repeats(minRuns, maxRuns, maxTimeNs)).run(new TenNs());
        assertEquals(expectedRuns, series.runs().size());
    }

    @Test
    void warmsUpOnceOutsideTheTimeAndReportsEachRun() {
        RunSeries series = runner(new Repeats(2, 9, 20)).run(new TenNs());
        assertEquals(List.of("warmingUp ten", "warmUp", "run", "ran 1", "run", "ran 2", "finished 2"), events);
        assertEquals("ten", series.name());
        assertEquals("tokens", series.workUnit());
    }

    @Test
    void seriesSummarisesTimesAndRates() {
        RunSeries series = new RunSeries("decode", "tokens",
                List.of(new Measurement(2_000_000_000, 10), new Measurement(500_000_000, 10)));
        assertEquals(1.25e9, series.elapsedNs().mean());
        assertEquals(20, series.workPerSecond().max());
        assertEquals(5, series.workPerSecond().min());
    }

    @Test
    void refusesImpossiblePolicies() {
        assertThrows(IllegalArgumentException.class, () -> new Repeats(0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new Repeats(3, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> new Repeats(1, 2, -1));
    }

    @Test
    void refusesImpossibleMeasurements() {
        assertThrows(IllegalArgumentException.class, () -> new Measurement(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Measurement(1, -1));
        assertThrows(IllegalArgumentException.class, () -> new Measurement(1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Measurement(1, Double.POSITIVE_INFINITY));
        assertThrows(IllegalArgumentException.class, () -> new RunSeries("none", "tokens", List.of()));
    }

    private BenchmarkRunner runner(Repeats repeats) {
        return new BenchmarkRunner(repeats, () -> nowNs, new BenchmarkProgress() {
            @Override
            public void warmingUp(Benchmark benchmark) {
                events.add("warmingUp " + benchmark.name());
            }

            @Override
            public void ran(Benchmark benchmark, int numRuns, Measurement measurement) {
                events.add("ran " + numRuns);
            }

            @Override
            public void finished(Benchmark benchmark, RunSeries series) {
                events.add("finished " + series.runs().size());
            }
        });
    }

    private final class TenNs implements Benchmark {
        @Override
        public String name() {
            return "ten";
        }

        @Override
        public String workUnit() {
            return "tokens";
        }

        @Override
        public void warmUp() {
            nowNs += 1_000;
            events.add("warmUp");
        }

        @Override
        public Measurement run() {
            nowNs += 10;
            events.add("run");
            return new Measurement(10, 1);
        }
    }
}
