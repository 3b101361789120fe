package io.penstock.bench.machine;

import java.util.Map;

/** How much energy a device takes, and how busy it is, while something runs. */
public interface EnergyMeter {
    /** Begins to read. */
    Reading begin();

    /** What is read from now on. */
    interface Reading {
        /**
         * Ends it.
         *
         * @return {@code energy_joules, mean_power_watts, mean_gpu_utilization, mean_memory_utilization}, as far as the
         *     device says
         */
        Map<String, Double> end();
    }
}
