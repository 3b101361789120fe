package io.penstock.bench.kernels;

import io.penstock.bench.Statistics;
import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.Gemm;
import io.penstock.device.Stream;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.WeightFormat;

/**
 * What a device can do, as measured on it: what any operation is compared with.
 *
 * @param gigabytesPerSecond of a large copy on the device, bytes read and bytes written counted
 * @param teraflopsPerSecond of a large bfloat16 matrix product
 * @param gemm who computed the product
 * @param gemmSize rows, columns and k of the product
 */
public record Ceilings(double gigabytesPerSecond, double teraflopsPerSecond, String gemm, int gemmSize) {
    private static final long MAX_COPY_BYTES = 1L << 30;
    private static final int GEMM_SIZE = 8192;
    private static final int WARM_UPS = 3;
    private static final int RUNS = 15;
    private static final int LAUNCHES = 4;

    /** Measures both; without {@code gemm} (null) the product is the operation {@code linear}. */
    public static Ceilings measure(Device device, Stream stream, Gemm gemm) {
        double copyUs;
        long copyBytes = Math.min(MAX_COPY_BYTES, device.freeBytes() / 4);
        try (DeviceMemory from = device.allocate("copy from", copyBytes);
                DeviceMemory to = device.allocate("copy to", copyBytes)) {
            stream.fill(from, 0, copyBytes, (byte) 1);
            copyUs = medianUs(device, stream, () -> stream.copyOnDevice(to, 0, from, 0, copyBytes));
        }
        int n = GEMM_SIZE;
        WeightFormat format = WeightFormat.of(device.properties());
        try (BenchmarkMemory memory = new BenchmarkMemory(device, stream, n, false);
                LinearKernel linear = LinearKernel.of(device, format)) {
            long y = memory.output("y", 2L * n * n, 1).address(0);
            long x = memory.bf16("x", (long) n * n, 1).address(0);
            long weight = memory.bf16("weight", (long) n * n, 1).address(0);
            double gemmUs = medianUs(device, stream, gemm == null
                    ? () -> linear.launch(stream, y, x, weight, n, n, n)
                    : () -> gemm.multiplyTransposed(stream, Gemm.Output.BFLOAT16, y, x, weight, n, n, n));
            return new Ceilings(2 * copyBytes / copyUs / 1e3, 2.0 * n * n * n / gemmUs / 1e6,
                    gemm == null ? "linear" : gemm.name(), n);
        }
    }

    /** Microseconds that the device cannot go below: bytes at the copy's rate, or operations at the product's. */
    public double floorUs(long floorBytes, long flops) {
        return Math.max(floorBytes / gigabytesPerSecond / 1e3, flops / teraflopsPerSecond / 1e6);
    }

    private static double medianUs(Device device, Stream stream, Runnable launch) {
        double[] launchUs = new double[RUNS];
        try (Event start = device.createEvent(); Event end = device.createEvent()) {
            for (int run = -WARM_UPS; run < RUNS; run++) {
                stream.record(start);
                for (int i = 0; i < LAUNCHES; i++) {
                    launch.run();
                }
                stream.record(end);
                end.synchronize();
                if (run >= 0) {
                    launchUs[run] = end.elapsedMs(start) * 1e3 / LAUNCHES;
                }
            }
        }
        return Statistics.of(launchUs).median();
    }
}
