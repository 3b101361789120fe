package io.penstock.bench.load;

import io.penstock.bench.Statistics;
import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.DevicePlan;
import io.penstock.runtime.cuda.WeightLoading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Loads the weights of a model's shapes from a file that was never read, and from one that the system has in memory;
 * beside each, what the disk or that memory, and the bus to the device, give alone. In turns, so that a slow minute is
 * everybody's.
 */
public final class LoadBenchmark {
    /** The results file's name. */
    public static final String SUITE = "load";

    private static final int DISK_THREADS = 8;
    private static final int CHUNK_BYTES = 16 << 20;

    private final Device device;
    private final ModelConfig config;
    private final Path folder;
    private final int numRounds;

    /**
     * One way to load.
     *
     * @param gbPerSecond of the weights' bytes
     * @param sourceGbPerSecond of where they come from, alone
     * @param busGbPerSecond of pinned memory to the device, alone
     */
    public record Result(String name, double gbPerSecond, double sourceGbPerSecond, double busGbPerSecond) {
        /** What was reached of the slower of the two. */
        public double ratio() {
            return gbPerSecond / Math.min(sourceGbPerSecond, busGbPerSecond);
        }

        /** By name with unit. */
        public Map<String, Double> metrics() {
            Map<String, Double> metrics = new LinkedHashMap<>();
            metrics.put("gbPerSecond", gbPerSecond);
            metrics.put("sourceGbPerSecond", sourceGbPerSecond);
            metrics.put("busGbPerSecond", busGbPerSecond);
            metrics.put("ofTheSlower", ratio());
            return metrics;
        }
    }

    /**
     * On a device that the caller closes.
     *
     * @param folder where the file is written, of as many bytes as the weights
     */
    public LoadBenchmark(Device device, ModelConfig config, Path folder, int numRounds) {
        this.device = device;
        this.config = config;
        this.folder = folder;
        this.numRounds = numRounds;
    }

    /**
     * Runs all rounds.
     *
     * @param progress told what is being done
     */
    public List<Result> run(Consumer<String> progress) {
        List<Map<String, Double>> rounds = new ArrayList<>();
        try (WeightFile file = new WeightFile(folder, config, DevicePlan.weightsBytes(config))) {
            for (int round = 1; round <= numRounds; round++) {
                Map<String, Double> rates = new LinkedHashMap<>();
                String of = " (round " + round + " of " + numRounds + ")";
                progress.accept("writing " + file.sizeBytes() / 1_000_000 + " MB" + of);
                file.write();
                progress.accept("reading the disk" + of);
                rates.put("disk", rate(() -> file.read(true, DISK_THREADS)));
                rates.put("bus", bus());
                progress.accept("loading from the disk" + of);
                rates.put("cold", load(file));
                progress.accept("reading memory" + of);
                rates.put("memory", rate(() -> file.read(false, DISK_THREADS)));
                progress.accept("loading from memory" + of);
                rates.put("warm", load(file));
                rounds.add(rates);
            }
        }
        return List.of(result(rounds, "cold", "disk"), result(rounds, "warm", "memory"));
    }

    private static Result result(List<Map<String, Double>> rounds, String load, String source) {
        return new Result(load, median(rounds, load), median(rounds, source), median(rounds, "bus"));
    }

    private static double median(List<Map<String, Double>> rounds, String name) {
        return Statistics.of(rounds.stream().mapToDouble(rates -> rates.get(name)).toArray()).median();
    }

    /** Gigabytes a second: bytes a nanosecond. */
    private static double rate(LongSupplier work) {
        long start = System.nanoTime();
        long bytes = work.getAsLong();
        return (double) bytes / (System.nanoTime() - start);
    }

    private double load(WeightFile file) {
        try (ModelTensors tensors = file.open()) {
            WeightLoading.Loaded loaded = WeightLoading.load(device, tensors);
            return (double) loaded.sizeBytes() / loaded.uploadNs();
        }
    }

    /** Copies of two pinned chunks in turn, as loading makes them. */
    private double bus() {
        int numChunks = Math.clamp(DevicePlan.weightsBytes(config) / CHUNK_BYTES, 4, 64);
        try (Stream stream = device.createStream("bus");
                PinnedMemory first = device.allocatePinned("bus", CHUNK_BYTES);
                PinnedMemory second = device.allocatePinned("bus", CHUNK_BYTES);
                DeviceMemory memory = device.allocate("bus", (long) numChunks * CHUNK_BYTES);
                Event done = device.createEvent()) {
            return rate(() -> {
                for (int i = 0; i < numChunks; i++) {
                    stream.copyToDevice(memory, (long) i * CHUNK_BYTES, (i % 2 == 0 ? first : second).segment(), 0,
                            CHUNK_BYTES);
                }
                stream.record(done);
                done.synchronize();
                return (long) numChunks * CHUNK_BYTES;
            });
        }
    }
}
