package io.penstock.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * What a GPU says of itself through NVML, whatever process uses it: energy, power, how busy it is. What a GPU does not
 * say is {@link #UNKNOWN}. Used by one thread at a time; closed by whoever opened it.
 */
public final class GpuMonitor implements AutoCloseable {
    /** What a GPU does not tell. */
    public static final long UNKNOWN = -1;

    private static final String LIBRARY = "libnvidia-ml.so.1";
    private static final int TEXT_BYTES = 96;

    private final Nvml nvml;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment result = arena.allocate(TEXT_BYTES, Long.BYTES);
    private final long device;

    private GpuMonitor(Nvml nvml, long device) {
        this.nvml = nvml;
        this.device = device;
    }

    /**
     * The GPU with an index as {@code nvidia-smi} counts; empty where there is no NVML or no such GPU.
     *
     * @param index from 0, whatever {@code CUDA_VISIBLE_DEVICES} says
     */
    public static Optional<GpuMonitor> open(int index) {
        try {
            return open(new NativeNvml(LIBRARY), index);
        } catch (IllegalArgumentException | NoSuchElementException e) {
            return Optional.empty();
        }
    }

    static Optional<GpuMonitor> open(Nvml nvml, int index) {
        if (nvml.nvmlInit() != 0) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(ValueLayout.JAVA_LONG);
            if (nvml.nvmlDeviceGetHandleByIndex(index, handle.address()) == 0) {
                return Optional.of(new GpuMonitor(nvml, handle.get(ValueLayout.JAVA_LONG, 0)));
            }
        }
        nvml.nvmlShutdown();
        return Optional.empty();
    }

    /** Such as {@code NVIDIA H100 80GB HBM3}; {@code GPU} where it does not say. */
    public String name() {
        return nvml.nvmlDeviceGetName(device, result.address(), TEXT_BYTES) == 0 ? result.getString(0) : "GPU";
    }

    /** Such as {@code 570.86.15}; {@code unknown} where it does not say. */
    public String driverVersion() {
        return nvml.nvmlSystemGetDriverVersion(result.address(), TEXT_BYTES) == 0 ? result.getString(0) : "unknown";
    }

    /** Energy in millijoules since the driver was loaded. */
    public long energyMillijoules() {
        return nvml.nvmlDeviceGetTotalEnergyConsumption(device, result.address()) == 0
                ? result.get(ValueLayout.JAVA_LONG, 0) : UNKNOWN;
    }

    /** Power in milliwatts now. */
    public long powerMilliwatts() {
        return nvml.nvmlDeviceGetPowerUsage(device, result.address()) == 0
                ? result.get(ValueLayout.JAVA_INT, 0) : UNKNOWN;
    }

    /** Per cent of the time in which some kernel ran, by the last sample. */
    public long computePercent() {
        return utilization(0);
    }

    /** Per cent of the time in which memory was read or written, by the last sample. */
    public long memoryPercent() {
        return utilization(Integer.BYTES);
    }

    private long utilization(long offset) {
        return nvml.nvmlDeviceGetUtilizationRates(device, result.address()) == 0
                ? result.get(ValueLayout.JAVA_INT, offset) : UNKNOWN;
    }

    @Override
    public void close() {
        nvml.nvmlShutdown();
        arena.close();
    }
}
