package io.penstock.emulator;

import io.penstock.device.DeviceException;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.KernelSignature;
import io.penstock.device.LaunchShape;
import io.penstock.emulator.exec.EmulatedKernel;
import io.penstock.emulator.exec.LaunchGeometry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** An entry as the port shows it. */
final class EmulatorKernel implements Kernel {
    private static final int DEFAULT_DYNAMIC_BYTES = 48 << 10;

    /** What a launch needs of its shape and arguments, copied. */
    record Prepared(LaunchGeometry geometry, byte[] arguments) {}

    private final EmulatorDevice device;
    private final EmulatedKernel kernel;
    private final KernelSignature signature;
    private volatile int maxDynamicBytes = DEFAULT_DYNAMIC_BYTES;

    EmulatorKernel(EmulatorDevice device, EmulatedKernel kernel, KernelSignature signature) {
        this.device = device;
        this.kernel = kernel;
        this.signature = signature;
    }

    EmulatedKernel emulated() {
        return kernel;
    }

    boolean isOf(EmulatorDevice other) {
        return device == other;
    }

    @Override
    public String name() {
        return kernel.name();
    }

    @Override
    public KernelSignature signature() {
        return signature;
    }

    /** Registers are PTX's virtual ones, at most 255: no compiler chose them. */
    @Override
    public Attributes attributes() {
        return new Attributes(Math.min(255, kernel.numRegisters()), kernel.localBytes(), kernel.staticSharedBytes(),
                kernel.maxThreads());
    }

    @Override
    public void setMaxDynamicShared(int sizeBytes) {
        int possible = device.properties().cores().blockSharedBytes();
        if (sizeBytes + kernel.staticSharedBytes() > possible) {
            throw new DeviceException("cuFuncSetAttribute", 1, "CUDA_ERROR_INVALID_VALUE", name() + ": "
                    + sizeBytes + " bytes of dynamic and " + kernel.staticSharedBytes()
                    + " of static shared memory, " + possible + " are possible");
        }
        maxDynamicBytes = Math.max(DEFAULT_DYNAMIC_BYTES, sizeBytes);
    }

    Prepared prepare(LaunchShape shape, KernelArgs args) {
        MemorySegment values = args.valuesFor(this);
        int numThreads = shape.blockX() * shape.blockY() * shape.blockZ();
        if (numThreads > kernel.maxThreads()) {
            throw new DeviceException("cuLaunchKernel", 701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "launching " + name()
                    + " with " + numThreads + " threads a block, " + kernel.maxThreads() + " are possible");
        }
        if (shape.dynamicSharedBytes() > maxDynamicBytes) {
            throw new DeviceException("cuLaunchKernel", 1, "CUDA_ERROR_INVALID_VALUE", "launching " + name() + " with "
                    + shape.dynamicSharedBytes() + " bytes of dynamic shared memory, " + maxDynamicBytes
                    + " are allowed; setMaxDynamicShared allows more");
        }
        byte[] arguments = new byte[signature.sizeBytes()];
        MemorySegment.copy(values, ValueLayout.JAVA_BYTE, 0, arguments, 0, arguments.length);
        return new Prepared(new LaunchGeometry(shape.gridX(), shape.gridY(), shape.gridZ(), shape.blockX(),
                shape.blockY(), shape.blockZ(), shape.dynamicSharedBytes()), arguments);
    }
}
