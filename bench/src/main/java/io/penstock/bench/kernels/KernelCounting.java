package io.penstock.bench.kernels;

import io.penstock.device.Stream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Compares what a launch is counted to do with what it must do at least, where launches are counted. */
public final class KernelCounting {
    private static final int SECTOR_BYTES = 32;

    private final Stream stream;
    private final Supplier<Map<String, Long>> lastLaunch;

    /** @param lastLaunch the counters of the last launch, by name */
    public KernelCounting(Stream stream, Supplier<Map<String, Long>> lastLaunch) {
        this.stream = stream;
        this.lastLaunch = lastLaunch;
    }

    /**
     * Ratios: 1 is ideal for bytes, sectors and traffic, 0 for conflicts. Bytes and sectors are what threads ask of
     * the caches; traffic is each sector once, what memory moves if the L2 cache keeps all that a launch touches.
     */
    public Map<String, Double> measure(KernelBenchmark benchmark) {
        benchmark.launch(stream, 0);
        stream.synchronize();
        Map<String, Long> counters = lastLaunch.get();
        double bytes = counters.get("globalReadBytes") + counters.get("globalWriteBytes");
        double sectors = counters.get("globalReadSectors") + counters.get("globalWriteSectors");
        double traffic = counters.get("uniqueReadSectors") + counters.get("uniqueWriteSectors");
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("bytesToFloor", bytes / benchmark.floorBytes());
        metrics.put("sectorsToFloor", sectors * SECTOR_BYTES / benchmark.floorBytes());
        metrics.put("trafficToFloor", traffic * SECTOR_BYTES / benchmark.floorBytes());
        metrics.put("conflictsToAccesses",
                (double) counters.get("bankConflicts") / Math.max(1, counters.get("sharedAccesses")));
        metrics.put("warpInstructions", (double) counters.get("warpInstructions"));
        return metrics;
    }
}
