package io.penstock.device.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.device.DeviceProbe.Available;
import io.penstock.device.DeviceProbe.Reason;
import io.penstock.device.DeviceProbe.Unavailable;
import io.penstock.device.DeviceProperties;
import java.util.List;
import java.util.Locale;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;

/** The NVIDIA GPUs of this machine. */
public final class CudaDevices {
    /** The oldest architecture that the shipped PTX runs on, as {@link DeviceProperties#computeCapability} counts. */
    public static final int MIN_COMPUTE_CAPABILITY = 80;

    private static final int MIN_DRIVER_VERSION = 12_000;

    private static final int MIN_PROGRAMMATIC_CAPABILITY = 90;

    /** Before, graphs had no edges along which a kernel begins before the one in front has ended. */
    private static final int MIN_PROGRAMMATIC_DRIVER_VERSION = 12_030;

    private CudaDevices() {}

    /**
     * Looks whether a GPU can be used, without taking any of it.
     *
     * @param ordinal of the GPU among those that {@code CUDA_VISIBLE_DEVICES} leaves, from 0
     * @param minMemoryBytes the memory it must have; 0 if any will do
     */
    public static DeviceProbe probe(int ordinal, long minMemoryBytes) {
        String problem = javaProblem(Runtime.version());
        if (!problem.isEmpty()) {
            return new Unavailable(Reason.JAVA_TOO_OLD, problem);
        }
        if (!NativeLibraries.isOnThisMachine(NativeLibraries.DRIVER)) {
            return new Unavailable(Reason.NO_DRIVER, "there is no NVIDIA driver (" + NativeLibraries.DRIVER
                    + "): install one, or start the container with its GPUs");
        }
        problem = NativeLibraries.load(NativeLibraries.Library.DRIVER);
        if (!problem.isEmpty()) {
            return new Unavailable(Reason.NO_NATIVE_LIBRARY, problem);
        }
        return probe(new NativeDriver(), ordinal, minMemoryBytes);
    }

    /**
     * Opens a GPU that {@link #probe} found.
     *
     * @throws DeviceException if the driver refuses
     * @throws IllegalStateException if there is no such GPU; the message is the probe's
     */
    public static Device open(int ordinal) {
        return open(ordinal, LaunchMode.QUEUED);
    }

    /**
     * Opens a GPU as {@link #open(int)} does.
     *
     * @param mode when launches, copies and fills return
     */
    public static Device open(int ordinal, LaunchMode mode) {
        return switch (probe(ordinal, 0)) {
            case Unavailable none -> throw new IllegalStateException(none.message());
            case Available found -> open(new NativeDriver(), ordinal, found.properties(), mode);
        };
    }

    /**
     * Opens cuBLAS on a device of {@link #open}, if this machine has it.
     *
     * @throws DeviceException if cuBLAS is there and refuses
     */
    public static GemmProbe openGemm(Device device) {
        if (!NativeLibraries.isOnThisMachine(NativeLibraries.CUBLAS)) {
            return new GemmProbe.Unavailable("cuBLAS is not used: " + NativeLibraries.CUBLAS + " is missing on this"
                    + " machine; install CUDA 12's, or do without: it is optional");
        }
        String problem = NativeLibraries.load(NativeLibraries.Library.CUBLAS);
        return problem.isEmpty()
                ? new GemmProbe.Available(CublasGemm.open(device, new NativeCublas()))
                : new GemmProbe.Unavailable("cuBLAS is not used: " + problem);
    }

    /** Looks for NVTX, by which a profiler shows named ranges; the ranges belong to one thread. */
    public static RangesProbe openRanges() {
        return openRanges(NativeLibraries.NVTX);
    }

    static RangesProbe openRanges(List<String> libraries) {
        for (String library : libraries) {
            if (NativeLibraries.isOnThisMachine(library)) {
                return new RangesProbe.Available(new NvtxRanges(new NativeNvtx(library)));
            }
        }
        return new RangesProbe.Unavailable("there is no NVTX (" + String.join(" or ", libraries) + "): install it, such"
                + " as by pip install nvidia-nvtx-cu12, and name its lib folder in LD_LIBRARY_PATH");
    }

    static Device open(Driver driver, int ordinal, DeviceProperties properties, LaunchMode mode) {
        Driver.Handle[] handle = new Driver.Handle[1];
        require(driver, driver.cuDeviceGet(handle, ordinal), "cuDeviceGet", ordinal);
        int[] version = new int[1];
        require(driver, driver.cuDriverGetVersion(version), "cuDriverGetVersion", ordinal);
        return new CudaDevice(CudaContext.open(driver, "GPU " + ordinal + " (" + properties.name() + ")", handle[0],
                mode), properties, programmaticProblem(driver, version[0], properties));
    }

    private static String programmaticProblem(Driver driver, int driverVersion, DeviceProperties properties) {
        int capability = properties.computeCapability();
        if (capability < MIN_PROGRAMMATIC_CAPABILITY) {
            return "programmatic dependent launches need compute capability 9.0, and " + properties.name() + " has "
                    + capability / 10 + "." + capability % 10;
        }
        String newer = ": install driver 545.23.06 or newer";
        if (driverVersion < MIN_PROGRAMMATIC_DRIVER_VERSION) {
            return "programmatic dependent launches need a driver of CUDA 12.3, and this one is of "
                    + cudaVersion(driverVersion) + newer;
        }
        return driver.hasLaunchKernelEx() ? "" : "programmatic dependent launches need cuLaunchKernelEx, and this"
                + " machine's " + NativeLibraries.DRIVER + " lacks it" + newer;
    }

    static DeviceProbe probe(Driver driver, int ordinal, long minMemoryBytes) {
        try {
            int[] version = new int[1];
            require(driver, driver.cuDriverGetVersion(version), "cuDriverGetVersion", ordinal);
            if (version[0] < MIN_DRIVER_VERSION) {
                return new Unavailable(Reason.DRIVER_TOO_OLD, "the NVIDIA driver is of CUDA " + cudaVersion(version[0])
                        + " and Penstock needs CUDA 12.0: install driver 525.60.13 or newer");
            }
            int initResult = driver.cuInit();
            if (initResult == CUresult.CUDA_ERROR_NO_DEVICE) {
                return new Unavailable(Reason.NO_DEVICE, "the NVIDIA driver finds no GPU: see what nvidia-smi says,"
                        + " and whether CUDA_VISIBLE_DEVICES hides it");
            }
            if (initResult == CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH) {
                return new Unavailable(Reason.FAILED, "the NVIDIA driver's library is of another version than the one"
                        + " in the kernel: restart the machine or the container");
            }
            require(driver, initResult, "cuInit", ordinal);
            int[] count = new int[1];
            require(driver, driver.cuDeviceGetCount(count), "cuDeviceGetCount", ordinal);
            if (ordinal >= count[0]) {
                return new Unavailable(Reason.NO_DEVICE, "there is no GPU " + ordinal + ": the driver shows "
                        + count[0] + ", counted from 0");
            }
            return judge(properties(driver, ordinal, version[0]), minMemoryBytes);
        } catch (DeviceException e) {
            return new Unavailable(Reason.FAILED, "the NVIDIA driver fails: " + e.getMessage());
        }
    }

    private static DeviceProbe judge(DeviceProperties found, long minMemoryBytes) {
        int capability = found.computeCapability();
        if (capability < MIN_COMPUTE_CAPABILITY) {
            return new Unavailable(Reason.WRONG_ARCHITECTURE, found.name() + " has compute capability "
                    + capability / 10 + "." + capability % 10
                    + " and Penstock needs 8.0: take an A100, L4, H100 or newer");
        }
        long totalBytes = found.memory().totalBytes();
        if (totalBytes < minMemoryBytes) {
            return new Unavailable(Reason.TOO_LITTLE_MEMORY, found.name() + " has " + gibibytes(totalBytes)
                    + " of memory and " + gibibytes(minMemoryBytes)
                    + " are needed: take a smaller model or a larger GPU");
        }
        return new Available(found);
    }

    private static DeviceProperties properties(Driver driver, int ordinal, int driverVersion) {
        Driver.Handle[] handle = new Driver.Handle[1];
        require(driver, driver.cuDeviceGet(handle, ordinal), "cuDeviceGet", ordinal);
        Driver.Handle device = handle[0];
        String[] name = new String[1];
        require(driver, driver.cuDeviceGetName(name, device), "cuDeviceGetName", ordinal);
        long[] totalBytes = new long[1];
        require(driver, driver.cuDeviceTotalMem(totalBytes, device), "cuDeviceTotalMem", ordinal);
        Attributes of = attribute -> {
            int[] value = new int[1];
            require(driver, driver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute", ordinal);
            return value[0];
        };
        int capability = 10 * of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        DeviceProperties.Cores cores = new DeviceProperties.Cores(
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE),
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR),
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR),
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR),
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
        DeviceProperties.Memory memory = new DeviceProperties.Memory(totalBytes[0],
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE),
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH),
                of.value(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE));
        return new DeviceProperties(name[0], "CUDA " + cudaVersion(driverVersion), capability, cores, memory);
    }

    private interface Attributes {
        int value(int attribute);
    }

    private static void require(Driver driver, int result, String call, int ordinal) {
        if (result != Driver.SUCCESS) {
            throw new DeviceException(call, result, driver.resultName(result), "looking for GPU " + ordinal);
        }
    }

    /** One line if this version of Java must not be used, or nothing. */
    static String javaProblem(Runtime.Version version) {
        boolean isRecent = version.feature() > 25
                || version.feature() == 25 && (version.interim() > 0 || version.update() >= 3);
        return isRecent ? "" : "Java " + version + " corrupts arrays that native code has pinned (JDK-8377811):"
                + " install a JDK 25.0.3 or newer, or set PENSTOCK_JAVA_HOME to one";
    }

    private static String cudaVersion(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    private static String gibibytes(long sizeBytes) {
        return String.format(Locale.ROOT, "%.1f GiB", sizeBytes / (double) (1 << 30));
    }
}
