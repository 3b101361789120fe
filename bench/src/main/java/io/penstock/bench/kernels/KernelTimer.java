package io.penstock.bench.kernels;

import io.penstock.bench.Statistics;
import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Stream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Times a benchmark on a device: launches in a graph that goes round the copies, timed as one by events, each time
 * after other memory has gone through the cache.
 */
public final class KernelTimer implements AutoCloseable {
    private static final int MIN_LAUNCHES = 32;
    private static final int WARM_UPS = 3;
    private static final int RUNS = 21;

    private final Stream stream;
    private final DeviceMemory flushed;
    private final Event start;
    private final Event end;

    /** Measures on a stream that nothing else uses. */
    public KernelTimer(Device device, Stream stream) {
        this.stream = stream;
        flushed = device.allocate("cache flush", Math.max(1, 2 * device.properties().memory().l2Bytes()));
        start = device.createEvent();
        end = device.createEvent();
    }

    /** Microseconds a launch, the median of many, and what follows from it. */
    public Map<String, Double> measure(KernelBenchmark benchmark) {
        int numLaunches = Math.max(MIN_LAUNCHES, benchmark.numCopies());
        stream.beginCapture();
        for (int i = 0; i < numLaunches; i++) {
            benchmark.launch(stream, i % benchmark.numCopies());
        }
        double[] launchUs = new double[RUNS];
        try (Graph graph = stream.endCapture(benchmark.name())) {
            for (int run = -WARM_UPS; run < RUNS; run++) {
                stream.fill(flushed, 0, flushed.sizeBytes(), (byte) run);
                stream.record(start);
                stream.launch(graph);
                stream.record(end);
                end.synchronize();
                if (run >= 0) {
                    launchUs[run] = end.elapsedMs(start) * 1e3 / numLaunches;
                }
            }
        }
        double median = Statistics.of(launchUs).median();
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("launchUs", median);
        metrics.put("gigabytesPerSecond", benchmark.floorBytes() / median / 1e3);
        if (benchmark.flops() > 0) {
            metrics.put("teraflopsPerSecond", benchmark.flops() / median / 1e6);
        }
        return metrics;
    }

    @Override
    public void close() {
        end.close();
        start.close();
        flushed.close();
    }
}
