package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.DeviceModule;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import java.util.List;

/** An operation's module on a device. Made at start, by several threads at once if one likes; used by one. */
abstract class OperationKernel implements AutoCloseable {
    /** Values in a 16-byte access: columns come in multiples of it. */
    static final int VECTOR_WIDTH = 8;

    private final DeviceModule module;

    OperationKernel(Device device, String operation) {
        this(device, operation, PtxSet.PORTABLE);
    }

    /** Of an operation that has kernels in several sets. */
    OperationKernel(Device device, String operation, PtxSet set) {
        module = device.loadModule(operation, Ptx.read(operation, set));
    }

    /** An entry of the module with arguments of its own. */
    final Launch launch(EntryPoint entry) {
        Kernel kernel = module.kernel(entry.name());
        entry.require(kernel.signature());
        return new Launch(kernel);
    }

    static int requireVectors(String what, int numColumns) {
        if (numColumns < VECTOR_WIDTH || numColumns % VECTOR_WIDTH != 0) {
            throw new UnsupportedShapeException(
                    what + " of " + numColumns + ": the kernels take multiples of " + VECTOR_WIDTH);
        }
        return numColumns;
    }

    /** What the compiler said while loading that costs speed; empty is good. */
    public final List<String> notes() {
        return module.notes();
    }

    /** Unloads the module, once; the caller has waited for its launches. */
    @Override
    public final void close() {
        module.close();
    }

    /** A kernel and its long-lived arguments. */
    static final class Launch {
        private final Kernel kernel;
        private final KernelArgs args;

        private Launch(Kernel kernel) {
            this.kernel = kernel;
            args = new KernelArgs(kernel.signature());
        }

        KernelArgs args() {
            return args;
        }

        void allowDynamicShared(int sizeBytes) {
            kernel.setMaxDynamicShared(sizeBytes);
        }

        void run(Stream stream, LaunchShape shape) {
            stream.launch(kernel, shape, args);
        }
    }
}
