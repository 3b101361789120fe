package io.penstock.cli;

import io.penstock.bench.gpucheck.CheckProgress;
import io.penstock.bench.gpucheck.GpuCheck;
import io.penstock.bench.kernels.KernelBenchmark;
import io.penstock.bench.kernels.KernelShape;
import io.penstock.bench.kernels.KernelTimer;
import io.penstock.bench.kernels.TileTuning;
import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.InputException;
import io.penstock.runtime.cuda.TileTableFile;
import java.nio.file.Path;

/** {@code gpu-check --tune}: measures how products on tiles are cut best on a device, and stores it. */
final class Tuning {
    private static final int MAX_ROWS = 2048;
    private static final int COUNTED_ROWS = 8;
    private static final KernelShape COUNTED_SHAPE =
            new KernelShape(128, 192, 2, 1, 512, new KernelShape.Experts(8, 2, 72));

    private final Path folder;
    private final CheckProgress progress;

    /** @param folder of tile tables */
    Tuning(Path folder, CheckProgress progress) {
        this.folder = folder;
        this.progress = progress;
    }

    /** By time, at a model's shapes; the exit code. */
    int timed(Device device) {
        requireTiles(device);
        try (Stream stream = device.createStream("tuning"); KernelTimer timer = new KernelTimer(device, stream)) {
            var tuning = new TileTuning(device, stream, true, benchmark -> timer.measure(benchmark).get("launchUs"));
            return store(device, tuning, KernelShape.of(GpuCheck.MODEL), MAX_ROWS);
        }
    }

    /** By instructions of warps, at small shapes: what a device without a clock has of times. */
    int counted(EmulatorDevice device) {
        requireTiles(device);
        try (Stream stream = device.createStream("tuning")) {
            return store(device, new TileTuning(device, stream, false, each -> instructions(device, stream, each)),
                    COUNTED_SHAPE, COUNTED_ROWS);
        }
    }

    private static double instructions(EmulatorDevice device, Stream stream, KernelBenchmark benchmark) {
        device.clearCounters();
        benchmark.launch(stream, 0);
        stream.synchronize();
        return device.counters().warpInstructions;
    }

    private static void requireTiles(Device device) {
        if (WeightFormat.of(device.properties()) != WeightFormat.TILES) {
            throw new InputException("--tune chooses between kernels for compute capability 9.0, and "
                    + device.properties().name() + " has others");
        }
    }

    private int store(Device device, TileTuning tuning, KernelShape shape, int maxRows) {
        int number = TileTuning.numProducts(shape, maxRows);
        TileTable table = tuning.run(shape, maxRows, (what, done) -> progress.next("measuring " + what, done, number));
        Path file = TileTableFile.write(folder, device.properties().name(), table);
        System.out.println("stored how " + table.choices().size() + " products are cut on "
                + device.properties().name() + ": " + file);
        return 0;
    }
}
