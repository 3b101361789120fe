package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceProperties;
import io.penstock.device.cuda.CudaDevices;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.check.OperationBackend;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuBackend;

/** Where the operations' cases run. */
final class Backends {
    private Backends() {}

    interface OnCpu extends OperationBackend.Factory {
        @Override
        default OperationBackend open(ModelConfig config, ModelLimits limits) {
            return new CpuBackend(config, limits);
        }
    }

    /** Any fault ends the case; the order of warps and blocks changes with the model's shape. */
    interface OnEmulator extends OperationBackend.Factory {
        @Override
        default OperationBackend open(ModelConfig config, ModelLimits limits) {
            EmulatorOptions options = new EmulatorOptions(config.hashCode(), 1, 1L << 28, true);
            return new DeviceBackend(new EmulatorDevice(options), config, limits);
        }
    }

    /** The same on compute capability 9.0, for operations that have kernels for it alone. */
    interface OnHopperEmulator extends OperationBackend.Factory {
        @Override
        default OperationBackend open(ModelConfig config, ModelLimits limits) {
            EmulatorOptions options = new EmulatorOptions(config.hashCode(), 1, 1L << 28, true).on(90);
            return new DeviceBackend(new EmulatorDevice(options), config, limits);
        }
    }

    /** The same with two multiprocessors, for kernels that go by whether all have something to do. */
    interface OnSmallHopperEmulator extends OperationBackend.Factory {
        @Override
        default OperationBackend open(ModelConfig config, ModelLimits limits) {
            EmulatorOptions options = new EmulatorOptions(config.hashCode(), 1, 1L << 28, true).on(90);
            return new DeviceBackend(withMultiprocessors(new EmulatorDevice(options), 2), config, limits);
        }
    }

    /** A device that says that it has so many. */
    static Device withMultiprocessors(Device device, int numMultiprocessors) {
        DeviceProperties all = device.properties();
        var cores = new DeviceProperties.Cores(numMultiprocessors, all.cores().clockKhz(), all.cores().maxThreads(),
                all.cores().numRegisters(), all.cores().sharedBytes(), all.cores().blockSharedBytes());
        return new ForwardingDevice(device, new DeviceProperties(
                all.name(), all.driver(), all.computeCapability(), cores, all.memory()));
    }

    interface OnCuda extends OperationBackend.Factory {
        @Override
        default OperationBackend open(ModelConfig config, ModelLimits limits) {
            return new DeviceBackend(Gpu.DEVICE, config, limits);
        }
    }

    /** The first GPU, opened when a test first asks for it. */
    private static final class Gpu {
        private static final Device DEVICE = CudaDevices.open(0);
    }
}
