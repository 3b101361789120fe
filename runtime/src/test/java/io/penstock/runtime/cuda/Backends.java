package io.penstock.runtime.cuda;

import io.penstock.device.cuda.CudaDevices;
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

    interface OnCuda extends OperationBackend.Factory {
        @Override
        default OperationBackend open(ModelConfig config, ModelLimits limits) {
            return new DeviceBackend(CudaDevices.open(0), config, limits);
        }
    }
}
