package io.penstock.serving.model;

import io.penstock.device.Device;
import io.penstock.runtime.InputException;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuKernels;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cuda.CudaOptions;
import io.penstock.runtime.model.Trace;
import java.util.function.Supplier;

/** What a model runs on; chosen where the program is put together, which alone knows every kind of device. */
public sealed interface Backend {
    /** The most CPU threads. */
    int MOST_THREADS = 1024;

    /**
     * This machine's CPU.
     *
     * @param arithmetic the numbers it computes in ("dtype")
     * @param numThreads threads; 0 for all cores
     */
    record Cpu(Arithmetic arithmetic, int numThreads) implements Backend {
        public Cpu {
            if (numThreads < 0 || numThreads > MOST_THREADS) {
                throw new InputException("threads must be between 0 (all cores) and " + MOST_THREADS + ", not "
                        + numThreads);
            }
        }

        /** How a model is loaded for it. */
        public CpuModel.Options options() {
            return new CpuModel.Options(arithmetic, CpuKernels.select(),
                    numThreads == 0 ? Runtime.getRuntime().availableProcessors() : numThreads, Trace.NONE);
        }
    }

    /**
     * A device, which computes in bfloat16.
     *
     * @param open opens it, once a load; the engine closes it
     * @param memoryUtilization share of its memory that may be used, above 0 and at most 1
     * @param fillsMemory whether KV blocks take all of that by default, as on a device of one's own; else they take
     *     what the running sequences usually need
     * @param options how the model runs
     */
    record Accelerator(
            Supplier<Device> open, double memoryUtilization, boolean fillsMemory, CudaOptions options)
            implements Backend {
        public Accelerator {
            if (!(memoryUtilization > 0 && memoryUtilization <= 1)) {
                throw new InputException(
                        "gpu_memory_utilization must be above 0 and at most 1, not " + memoryUtilization);
            }
        }
    }
}
