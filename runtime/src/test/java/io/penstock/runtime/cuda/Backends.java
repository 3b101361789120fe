package io.penstock.runtime.cuda;

import io.penstock.device.cuda.CudaDevices;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.CpuBackend;
import io.penstock.runtime.testing.OperationBackend;

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

    interface OnCuda extends OperationBackend.Factory {
        @Override
        default OperationBackend open(ModelConfig config, ModelLimits limits) {
            return new DeviceBackend(CudaDevices.open(0), config, limits);
        }
    }
}
