package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.cuda.CudaDevices;
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
