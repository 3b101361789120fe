package io.penstock.bench.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemorySamplesTest {
    @Test
    void growthIsTheSlopeOfTheWarmPart() {
        var samples = new MemorySamples();
        for (int i = 0; i < 16; i++) {
            double warm = Math.max(0, i - 4);
            samples.add(new MemorySamples.Sample(i, i < 4 ? 10 : 100, 50 + 2 * warm, 1000 + (i % 2 == 0 ? 1 : -1)));
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        samples.addTo(metrics);
        assertEquals(0, metrics.get("liveHeapMiBPerMinute"), 1e-9);
        assertEquals(100, metrics.get("liveHeapMiBEarly"));
        assertEquals(2, metrics.get("directMiBPerMinute"), 1e-9);
        assertEquals(53, metrics.get("directMiBEarly"));
        assertEquals(69, metrics.get("directMiBLate"), 2);
        assertEquals(0, metrics.get("residentMiBPerMinute"), 0.2);
    }

    @Test
    void aProcessHasMemory() {
        var samples = new MemorySamples();
        samples.take();
        Map<String, Double> metrics = new LinkedHashMap<>();
        samples.addTo(metrics);
        assertTrue(metrics.get("liveHeapMiBLate") > 0);
        assertTrue(metrics.get("residentMiBLate") > metrics.get("liveHeapMiBLate") / 2);
    }
}
