package io.penstock.bench.machine;

import io.penstock.device.cuda.GpuMonitor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Asks a GPU ten times a second. Energy is the GPU's own counter, or power times time where it has none. Whoever opened
 * the monitor closes it, after the last reading has ended.
 */
public final class GpuEnergyMeter implements EnergyMeter {
    private static final long INTERVAL_NS = 100_000_000;

    /** What is asked; -1 for what it does not say. */
    public record Source(LongSupplier energyMillijoules, LongSupplier powerMilliwatts, LongSupplier computePercent,
            LongSupplier memoryPercent) {}

    private final Source source;
    private final LongSupplier clockNs;

    public GpuEnergyMeter(GpuMonitor gpu) {
        this(new Source(gpu::energyMillijoules, gpu::powerMilliwatts, gpu::computePercent, gpu::memoryPercent),
                System::nanoTime);
    }

    GpuEnergyMeter(Source source, LongSupplier clockNs) {
        this.source = source;
        this.clockNs = clockNs;
    }

    @Override
    public Reading begin() {
        Poll poll = new Poll();
        Thread thread = Thread.ofPlatform().daemon().name("penstock-nvml").start(poll);
        return () -> {
            poll.isOver = true;
            LockSupport.unpark(thread);
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return poll.summary();
        };
    }

    /** The mean over time of what is sampled: a trapezoid between one sample and the next. */
    private static final class Mean {
        private double sum;
        private double seconds;
        private long last = -1;

        void add(long value, double sinceSeconds) {
            if (value >= 0 && last >= 0) {
                sum += (value + last) / 2.0 * sinceSeconds;
                seconds += sinceSeconds;
            }
            last = value;
        }

        void put(String name, double unit, Map<String, Double> metrics) {
            if (seconds > 0) {
                metrics.put(name, sum / seconds / unit);
            }
        }
    }

    /** Samples until it is over. */
    private final class Poll implements Runnable {
        private final Mean power = new Mean();
        private final Mean compute = new Mean();
        private final Mean memory = new Mean();
        private volatile boolean isOver;
        private final long startMillijoules = source.energyMillijoules().getAsLong();
        private long endMillijoules = -1;
        private long lastNs = clockNs.getAsLong();

        @Override
        public void run() {
            sample();
            do {
                LockSupport.parkNanos(INTERVAL_NS);
                sample();
            } while (!isOver);
            endMillijoules = source.energyMillijoules().getAsLong();
        }

        private void sample() {
            long nowNs = clockNs.getAsLong();
            double seconds = (nowNs - lastNs) / 1e9;
            lastNs = nowNs;
            power.add(source.powerMilliwatts().getAsLong(), seconds);
            compute.add(source.computePercent().getAsLong(), seconds);
            memory.add(source.memoryPercent().getAsLong(), seconds);
        }

        private Map<String, Double> summary() {
            Map<String, Double> metrics = new LinkedHashMap<>();
            if (startMillijoules >= 0 && endMillijoules > startMillijoules) {
                metrics.put("energy_joules", (endMillijoules - startMillijoules) / 1e3);
            } else if (power.seconds > 0) {
                metrics.put("energy_joules", power.sum / 1e3);
            }
            power.put("mean_power_watts", 1e3, metrics);
            compute.put("mean_gpu_utilization", 100, metrics);
            memory.put("mean_memory_utilization", 100, metrics);
            return metrics;
        }
    }
}
