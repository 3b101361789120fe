package io.penstock.bench.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.Statistics;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MachinePeaksTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void peaksArePositiveAndFinite(int numThreads) {
        for (PeakKernels kernels : PeakKernelsTest.kernels()) {
            try (MachinePeaks peaks = MachinePeaks.open(small(numThreads), kernels)) {
                for (int round = 0; round < 2; round++) {
                    PeakSample sample = peaks.measure();
                    assertEquals(numThreads, sample.numThreads());
                    assertEquals(kernels.name(), sample.kernels());
                    assertRates(sample.readBytesPerSecond());
                    assertRates(sample.flopsPerSecond());
                }
            }
        }
    }

    @Test
    void bracketMeasuresOnTheCallersThreadBetweenTwoSamples() {
        List<Thread> caller = new ArrayList<>();
        try (MachinePeaks peaks = MachinePeaks.open(small(2))) {
            PeakBracket<String> bracket = peaks.measureAround(() -> {
                caller.add(Thread.currentThread());
                return "measured";
            });
            assertEquals("measured", bracket.value());
            assertEquals(List.of(Thread.currentThread()), caller);
            assertEquals(4, bracket.peaks().flopsPerSecond().numSamples());
            assertTrue(bracket.drift() >= 0 && bracket.drift() <= 1, "drift " + bracket.drift());
        }
    }

    @Test
    void closeEndsTheThreadsAndMayBeRepeated() {
        MachinePeaks peaks = MachinePeaks.open(small(2));
        peaks.close();
        peaks.close();
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.isAlive() && thread.getName().startsWith("penstock-peaks-")));
        assertThrows(RuntimeException.class, peaks::measure);
    }

    @Test
    void driftIsTheLargerChangeOfAMedian() {
        PeakSample before = sample(1, 100, 50);
        assertEquals(0, new PeakBracket<>(before, "", before).drift());
        assertEquals(0.2, new PeakBracket<>(before, "", sample(1, 90, 40)).drift(), 1e-12);
        assertEquals(0.5, new PeakBracket<>(before, "", sample(1, 200, 50)).drift(), 1e-12);
    }

    @Test
    void mergeKeepsTheBestOfBothAndRefusesOtherThreads() {
        PeakSample merged = sample(1, 100, 50).merge(sample(1, 90, 60));
        assertEquals(100, merged.readBytesPerSecond().max());
        assertEquals(60, merged.flopsPerSecond().max());
        assertThrows(IllegalArgumentException.class, () -> sample(1, 1, 1).merge(sample(2, 1, 1)));
    }

    @Test
    void optionsCoverTheCacheWithinTheirLimits() {
        assertEquals(512L << 20, PeakOptions.of(machine(32L << 20), 2).bufferBytes());
        assertEquals(1L << 30, PeakOptions.of(machine(256L << 20), 2).bufferBytes());
        assertEquals(4L << 30, PeakOptions.of(machine(2L << 30), 2).bufferBytes());
        assertEquals(3, PeakOptions.of(machine(0), 3).numThreads());
        assertThrows(IllegalArgumentException.class, () -> new PeakOptions(0, 1 << 20, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new PeakOptions(2, (2 << 20) - 1, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new PeakOptions(1, 1 << 20, 0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new PeakOptions(1, 1 << 20, 1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new PeakOptions(1, 1 << 20, 1, 1, 0));
    }

    @Test
    void reportSaysBestMedianAndVariation() {
        assertEquals(" 1 threads, fake: read 100.0 GB/s (median 100.0, cv 0.0%), "
                + "fp32 50.0 GFLOP/s (median 50.0, cv 0.0%)", PeaksReport.line(sample(1, 100e9, 50e9)));
        PeakSample slow = new PeakSample(16, "fake", false, Statistics.of(1e9, 3e9), Statistics.of(1e9));
        assertEquals("16 threads, fake (not compiled): read 3.0 GB/s (median 2.0, cv 70.7%), "
                + "fp32 1.0 GFLOP/s (median 1.0, cv 0.0%)", PeaksReport.line(slow));
        assertFalse(sample(1, 1, 1).merge(new PeakSample(1, "fake", false, Statistics.of(1), Statistics.of(1)))
                .compiled());
    }

    private static void assertRates(Statistics rates) {
        assertEquals(2, rates.numSamples());
        assertTrue(rates.min() > 0 && Double.isFinite(rates.max()), "rates " + rates.min() + " to " + rates.max());
    }

    private static PeakOptions small(int numThreads) {
        return new PeakOptions(numThreads, 7L << 20, 1_000_000, 1_000_000, 2);
    }

    private static PeakSample sample(int numThreads, double readBytesPerSecond, double flopsPerSecond) {
        return new PeakSample(numThreads, "fake", true, Statistics.of(readBytesPerSecond),
                Statistics.of(flopsPerSecond));
    }

    private static MachineInfo machine(long lastLevelCacheBytes) {
        return new MachineInfo("CPU", 2, 2, 2, lastLevelCacheBytes);
    }
}
