package io.penstock.bench.streams;

import io.netty.util.internal.PlatformDependent;
import io.penstock.bench.Statistics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * What the process holds while it is under load: the heap's live bytes behind a collection, direct buffers, and
 * resident memory. Whether that grows is the slope of a line through the samples of the last three quarters.
 */
final class MemorySamples {
    private static final double MIB = 1 << 20;
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final int WARM_UP_PART = 4;

    private final List<Sample> samples = new ArrayList<>();
    private final long startNs = System.nanoTime();

    /** All in MiB. */
    record Sample(double minute, double heap, double direct, double resident) {}

    void take() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        double minute = (System.nanoTime() - startNs) / (double) TimeUnit.MINUTES.toNanos(1);
        add(new Sample(minute, (runtime.totalMemory() - runtime.freeMemory()) / MIB, directBytes() / MIB,
                residentBytes() / MIB));
    }

    void add(Sample sample) {
        samples.add(sample);
    }

    /** Medians of the warm part's first and last third, and the growth in MiB a minute. */
    void addTo(Map<String, Double> metrics) {
        put(metrics, "liveHeap", Sample::heap);
        put(metrics, "direct", Sample::direct);
        put(metrics, "resident", Sample::resident);
    }

    private void put(Map<String, Double> metrics, String name, ToDoubleFunction<Sample> of) {
        List<Sample> warm = samples.subList(samples.size() / WARM_UP_PART, samples.size());
        int third = Math.max(1, warm.size() / 3);
        metrics.put(name + "MiBEarly", median(warm.subList(0, third), of));
        metrics.put(name + "MiBLate", median(warm.subList(warm.size() - third, warm.size()), of));
        metrics.put(name + "MiBPerMinute", slope(warm, of));
    }

    private static double median(List<Sample> of, ToDoubleFunction<Sample> value) {
        return Statistics.of(of.stream().mapToDouble(value).toArray()).median();
    }

    private static double slope(List<Sample> of, ToDoubleFunction<Sample> value) {
        double meanX = of.stream().mapToDouble(Sample::minute).average().orElse(0);
        double meanY = of.stream().mapToDouble(value).average().orElse(0);
        double xy = 0;
        double xx = 0;
        for (Sample sample : of) {
            xy += (sample.minute() - meanX) * (value.applyAsDouble(sample) - meanY);
            xx += (sample.minute() - meanX) * (sample.minute() - meanX);
        }
        return xx == 0 ? 0 : xy / xx;
    }

    private static long directBytes() {
        long bytes = Math.max(0, PlatformDependent.usedDirectMemory());
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            bytes += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
        }
        return bytes;
    }

    private static double residentBytes() {
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith("VmRSS:")) {
                    return 1024.0 * Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
