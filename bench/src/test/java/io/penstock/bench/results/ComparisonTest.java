package io.penstock.bench.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
    @TempDir
    private Path folder;

    private Path file(String name, double... throughputs) {
        var context = new RunContext("unknown", Instant.EPOCH, "a CPU", null, "a JVM", "a test");
        ResultLog log = ResultLog.at(folder.resolve(name), "serve");
        for (double value : throughputs) {
            log.append(new BenchResult("serve", "random-c1", context, null, Map.of(),
                    Map.of("output_throughput", value, "p99_ttft_ms", 1000 / value), null));
        }
        return log.file();
    }

    private static Comparison of(List<Comparison> all, String metric) {
        return all.stream().filter(one -> one.metric().equals(metric)).findFirst().orElseThrow();
    }

    @Test
    void worseIsLessOfAGoodThingAndMoreOfACost() {
        List<Comparison> all = Comparison.of(file("a", 100), file("b", 80), List.of(), List.of());
        assertEquals(0.8, of(all, "output_throughput").ratio(), 1e-9);
        assertEquals(1.25, of(all, "p99_ttft_ms").ratio(), 1e-9);
        assertTrue(of(all, "output_throughput").isWorseBy(0.19));
        assertFalse(of(all, "output_throughput").isWorseBy(0.21));
        assertTrue(of(all, "p99_ttft_ms").isWorseBy(0.2));
        List<Comparison> back = Comparison.of(file("b2", 80), file("a2", 100), List.of(), List.of());
        assertFalse(back.stream().anyMatch(one -> one.isWorseBy(0)));
    }

    @Test
    void whatIsWithinTheNoiseIsNotWorse() {
        List<Comparison> all = Comparison.of(
                file("c", 100, 140, 60), file("d", 95, 130, 55), List.of("random-c1"), List.of("output_throughput"));
        Comparison one = all.getFirst();
        assertEquals(100, one.before(), 1e-9);
        // Standard error of 100, 140, 60: 40 / sqrt(3).
        double before = 40 / Math.sqrt(3) / 100;
        double mean = 280 / 3.0;
        double after = Math.sqrt((sq(95 - mean) + sq(130 - mean) + sq(55 - mean)) / 2 / 3) / mean;
        assertEquals(Math.hypot(before, after), one.noise(), 1e-9);
        assertFalse(one.isWorseBy(0.01));
    }

    private static double sq(double value) {
        return value * value;
    }

    @Test
    void nothingInCommonIsSaid() {
        Path a = file("e", 1);
        assertThrows(InputException.class, () -> Comparison.of(a, a, List.of("other"), List.of()));
        assertThrows(InputException.class, () -> Comparison.of(a, folder.resolve("none"), List.of(), List.of()));
    }

    @Test
    void namesSayWhatIsACost() {
        assertTrue(new Comparison("c", "p50_latency", 1, 1, 0).isCost());
        assertTrue(new Comparison("c", "elapsed_time", 1, 1, 0).isCost());
        assertFalse(new Comparison("c", "tokens_per_second", 1, 1, 0).isCost());
        assertFalse(new Comparison("c", "output_tokens_per_joule", 1, 1, 0).isCost());
        assertTrue(new Comparison("c", "energy_joules", 1, 1, 0).isCost());
    }
}
