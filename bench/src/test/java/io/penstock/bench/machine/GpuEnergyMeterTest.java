package io.penstock.bench.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class GpuEnergyMeterTest {
    private final AtomicLong nowNs = new AtomicLong();

    /** Each look at the clock is a second later. */
    private long clock() {
        return nowNs.getAndAdd(1_000_000_000L);
    }

    @Test
    void energyIsTheCountersOwn() {
        var millijoules = new AtomicLong(1_000);
        var source = new GpuEnergyMeter.Source(() -> millijoules.getAndAdd(4_000), () -> 300_000, () -> 80, () -> 40);
        Map<String, Double> used = new GpuEnergyMeter(source, this::clock).begin().end();
        assertEquals(4, used.get("energy_joules"), 1e-9);
        assertEquals(300, used.get("mean_power_watts"), 1e-9);
        assertEquals(0.8, used.get("mean_gpu_utilization"), 1e-9);
        assertEquals(0.4, used.get("mean_memory_utilization"), 1e-9);
    }

    @Test
    void withoutACounterItIsPowerOverTime() throws InterruptedException {
        var source = new GpuEnergyMeter.Source(() -> -1, () -> 250_000, () -> -1, () -> -1);
        EnergyMeter.Reading reading = new GpuEnergyMeter(source, this::clock).begin();
        Thread.sleep(250);
        Map<String, Double> used = reading.end();
        double seconds = used.get("energy_joules") / 250;
        assertTrue(seconds >= 1 && seconds == Math.rint(seconds), () -> seconds + " s of 250 W");
        assertEquals(Map.of("energy_joules", used.get("energy_joules"), "mean_power_watts", 250.0), used);
    }
}
