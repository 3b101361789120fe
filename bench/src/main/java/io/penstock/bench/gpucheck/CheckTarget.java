package io.penstock.bench.gpucheck;

import io.penstock.device.Device;
import io.penstock.device.Gemm;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.cuda.DeviceBackend;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What is checked; the caller owns all of it.
 *
 * @param device to measure on
 * @param backend the operations on that device
 * @param gemm the vendor's matrix product; null if there is none
 * @param counters what was counted of the launches since it was last asked, by name; null on a device that has a clock
 * @param engine what runs through whole engines; null for nothing
 */
public record CheckTarget(Device device, OperationBackend.Factory backend, Gemm gemm,
        Supplier<Map<String, Long>> counters, EngineTarget engine) {
    /** A device with a clock. */
    public static CheckTarget timed(Device device, Gemm gemm) {
        return new CheckTarget(device, onDevice(device), gemm, null, null);
    }

    /**
     * A device that counts instead of timing.
     *
     * @param backend the operations, each time on a device of their own: a fault ends no other case
     */
    public static CheckTarget counted(
            Device device, OperationBackend.Factory backend, Supplier<Map<String, Long>> counters) {
        return new CheckTarget(device, backend, null, counters, null);
    }

    /** The same, and whole engines. */
    public CheckTarget with(EngineTarget engines) {
        return new CheckTarget(device, backend, gemm, counters, engines);
    }

    private static OperationBackend.Factory onDevice(Device device) {
        return (config, limits) -> new DeviceBackend(device, config, limits);
    }

    boolean isTimed() {
        return counters == null;
    }
}
