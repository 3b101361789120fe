package io.penstock.device.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** The management library of this machine, which comes with the driver. */
@SuppressWarnings("restricted")
final class NativeNvml implements Nvml {
    private final MethodHandle init;
    private final MethodHandle shutdown;
    private final MethodHandle handle;
    private final MethodHandle name;
    private final MethodHandle driver;
    private final MethodHandle energy;
    private final MethodHandle power;
    private final MethodHandle utilization;

    /**
     * Binds it.
     *
     * @param library its name for the dynamic linker, or its path
     * @throws IllegalArgumentException if it is not there
     * @throws java.util.NoSuchElementException if it is another library
     */
    NativeNvml(String library) {
        SymbolLookup nvml = SymbolLookup.libraryLookup(library, Arena.global());
        init = bind(nvml, "nvmlInit_v2");
        shutdown = bind(nvml, "nvmlShutdown");
        handle = bind(nvml, "nvmlDeviceGetHandleByIndex_v2", JAVA_INT, JAVA_LONG);
        name = bind(nvml, "nvmlDeviceGetName", JAVA_LONG, JAVA_LONG, JAVA_INT);
        driver = bind(nvml, "nvmlSystemGetDriverVersion", JAVA_LONG, JAVA_INT);
        energy = bind(nvml, "nvmlDeviceGetTotalEnergyConsumption", JAVA_LONG, JAVA_LONG);
        power = bind(nvml, "nvmlDeviceGetPowerUsage", JAVA_LONG, JAVA_LONG);
        utilization = bind(nvml, "nvmlDeviceGetUtilizationRates", JAVA_LONG, JAVA_LONG);
    }

    private static MethodHandle bind(SymbolLookup library, String name, MemoryLayout... parameters) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, parameters));
    }

    @Override
    public int nvmlInit() {
        try {
            return (int) init.invokeExact();
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }

    @Override
    public int nvmlShutdown() {
        try {
            return (int) shutdown.invokeExact();
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }

    @Override
    public int nvmlDeviceGetHandleByIndex(int index, long device) {
        try {
            return (int) handle.invokeExact(index, device);
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }

    @Override
    public int nvmlDeviceGetName(long device, long text, int length) {
        try {
            return (int) name.invokeExact(device, text, length);
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }

    @Override
    public int nvmlSystemGetDriverVersion(long version, int length) {
        try {
            return (int) driver.invokeExact(version, length);
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }

    @Override
    public int nvmlDeviceGetTotalEnergyConsumption(long device, long millijoules) {
        return call(energy, device, millijoules);
    }

    @Override
    public int nvmlDeviceGetPowerUsage(long device, long milliwatts) {
        return call(power, device, milliwatts);
    }

    @Override
    public int nvmlDeviceGetUtilizationRates(long device, long rates) {
        return call(utilization, device, rates);
    }

    private static int call(MethodHandle function, long device, long result) {
        try {
            return (int) function.invokeExact(device, result);
        } catch (Throwable e) {
            throw StepFunctions.impossible(e);
        }
    }
}
