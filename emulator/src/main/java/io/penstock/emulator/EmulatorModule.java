package io.penstock.emulator;

import io.penstock.device.DeviceModule;
import io.penstock.device.Kernel;
import io.penstock.device.KernelSignature;
import io.penstock.emulator.exec.EmulatedModule;
import io.penstock.emulator.memory.AddressSpace;
import io.penstock.emulator.ptx.PtxException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A module whose entries are decoded when they are first asked for: others may have what is not supported. */
final class EmulatorModule implements DeviceModule {
    private final EmulatorDevice device;
    private final String name;
    private final EmulatedModule module;
    private final Map<String, KernelSignature> signatures;
    private final Map<String, EmulatorKernel> kernels = new HashMap<>();

    EmulatorModule(EmulatorDevice device, String name, String ptx, AddressSpace space) {
        this.device = device;
        this.name = name;
        ParsedModule parsed = ParsedModule.of(ptx);
        device.requireTarget(name, parsed.module().target());
        this.module = new EmulatedModule(name, parsed.module(), space);
        this.signatures = parsed.signatures();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public synchronized Kernel kernel(String entry) {
        EmulatorKernel known = kernels.get(entry);
        if (known != null) {
            return known;
        }
        if (!signatures.containsKey(entry)) {
            throw new IllegalArgumentException(name + " has no entry " + entry + "; it has " + signatures.keySet());
        }
        try {
            EmulatorKernel kernel = new EmulatorKernel(device, module.kernel(entry), signatures.get(entry));
            kernels.put(entry, kernel);
            return kernel;
        } catch (PtxException e) {
            throw device.rejected(name, entry, e);
        }
    }

    @Override
    public List<String> notes() {
        return List.of();
    }

    @Override
    public void close() {
        module.free();
    }
}
