package io.penstock.bench.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SamplesTest {
    @Test
    void summary() {
        var samples = new Samples();
        for (int value = 200; value >= 1; value--) {
            samples.add(value * 1_000_000L);
            samples.add(value * 1_000_000L);
        }
        SimulationReport.Latency summary = samples.summary();
        assertEquals(100.5, summary.mean(), 1e-9);
        assertEquals(100, summary.median(), 1e-9);
        assertEquals(198, summary.p99(), 1e-9);
        assertEquals(Math.sqrt((200.0 * 200 - 1) / 12), summary.std(), 1e-9);
    }

    @Test
    void nothing() {
        assertEquals(new SimulationReport.Latency(0, 0, 0, 0), new Samples().summary());
    }
}
