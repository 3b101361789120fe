package io.penstock.cli;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceProbe;
import io.penstock.device.cuda.CudaDevices;
import io.penstock.device.cuda.GpuMonitor;
import io.penstock.device.cuda.LaunchMode;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.cuda.DevicePlan;
import io.penstock.serving.model.Backend;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The devices that a user can name: this is where implementations are chosen. */
final class Devices {
    private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");
    private static final Pattern EMULATOR = Pattern.compile("emulator(?::sm_(80|90))?");

    /** The emulators that {@code --device} takes. */
    static final String EMULATORS = "emulator, emulator:sm_80 or emulator:sm_90";

    private Devices() {}

    static boolean isName(String device) {
        return device.equals("auto") || device.equals("cpu") || isEmulator(device)
                || CUDA.matcher(device).matches();
    }

    static boolean isEmulator(String device) {
        return EMULATOR.matcher(device).matches();
    }

    /** Options for an emulator of the compute capability that its name asks for; 8.0 if it does not. */
    static EmulatorOptions emulated(String emulator, EmulatorOptions options) {
        Matcher matcher = EMULATOR.matcher(emulator);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("no emulator " + emulator);
        }
        return matcher.group(1) == null ? options : options.on(Integer.parseInt(matcher.group(1)));
    }

    /** Why the first GPU cannot run a model, in one line; empty if it can. */
    static String whyNoCuda(ModelConfig model) {
        return switch (CudaDevices.probe(0, DevicePlan.weightsBytes(model))) {
            case DeviceProbe.Available _ -> "";
            case DeviceProbe.Unavailable none -> none.message();
        };
    }

    /**
     * A GPU or the emulator.
     *
     * @param mode when a GPU's launches return; the emulator's are done when they return
     * @throws InputException if there is no such GPU
     */
    static Backend.Accelerator accelerator(
            String name, double memoryUtilization, LaunchMode mode, CudaOptions options) {
        if (isEmulator(name)) {
            EmulatorOptions failing = EmulatorOptions.failing();
            EmulatorOptions emulated = emulated(name, options.halvedRows() > 0 ? failing.checkingStreams() : failing);
            return new Backend.Accelerator(() -> new EmulatorDevice(emulated), memoryUtilization, false, options);
        }
        int ordinal = ordinal(name);
        if (CudaDevices.probe(ordinal, 0) instanceof DeviceProbe.Unavailable none) {
            throw new InputException("--device " + name + ": " + none.message()
                    + "; without a GPU there are --device cpu and --device emulator");
        }
        return new Backend.Accelerator(() -> open(name, ordinal, mode), memoryUtilization, true, options);
    }

    /** The GPU of an index as {@code nvidia-smi} counts, to be watched; empty where there is no NVML or no such GPU. */
    static Optional<GpuMonitor> monitor(int index) {
        return GpuMonitor.open(index);
    }

    static int ordinal(String name) {
        Matcher cuda = CUDA.matcher(name);
        if (!cuda.matches()) {
            throw new IllegalArgumentException("no device " + name);
        }
        return cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1));
    }

    private static Device open(String name, int ordinal, LaunchMode mode) {
        try {
            return CudaDevices.open(ordinal, mode);
        } catch (DeviceException e) {
            throw new InputException("--device " + name + " failed: " + e.getMessage(), e);
        }
    }
}
