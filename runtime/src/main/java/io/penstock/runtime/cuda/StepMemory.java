package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.AttentionPlan;
import io.penstock.kernels.LinearKernel;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;

/**
 * What the operations of a step work on beside weights and activations, allocated once: the sequences' memory, the
 * batch, what attention keeps, and counters of products. Where steps have halves, theirs is there too; what both only
 * read is there once.
 */
final class StepMemory implements AutoCloseable {
    private final ModelConfig config;
    private final ModelLimits limits;
    private final HalfBatches halves;
    private final Closing closing = new Closing();
    private final CudaMemory sequences;
    private final CudaCopies copies;
    private final DeviceBatch batch;
    private final AttentionScratch scratch;
    private final AttentionScratch scratchOfSecond;
    private final DeviceMemory progress;
    private final DeviceMemory progressOfSecond;

    /**
     * Allocates it.
     *
     * @param halves which steps have halves
     * @param half a device like that of either half; counts only where there are such steps
     */
    StepMemory(Device device, Stream stream, ModelConfig config, ModelLimits limits, HalfBatches halves,
            Device half) {
        this.config = config;
        this.limits = limits;
        this.halves = halves;
        try {
            sequences = closing.add(new CudaMemory(device, stream, config, limits));
            copies = closing.add(new CudaCopies(device, sequences, config, limits));
            AttentionPlan.Sizes sizes = CudaAttention.sizes(device, config.attention(), limits);
            scratch = closing.add(new AttentionScratch(device, stream, sizes, ""));
            boolean hasProgress = LinearKernel.hasRowsBehind(WeightFormat.of(device.properties()));
            progress = hasProgress ? zeroed(device, stream, limits.maxNumBatchedTokens(), "") : null;
            progressOfSecond = hasProgress && hasHalves()
                    ? zeroed(device, stream, maxRowsOfSecond(), " of the second half") : null;
            if (hasHalves()) {
                AttentionPlan.Sizes halfSizes = halfSizes(half);
                batch = closing.add(new DeviceBatch(
                        device, limits, sizes, new BatchHalves(halves, halfSizes, limits.numSnapshots() > 0)));
                scratchOfSecond = closing.add(new AttentionScratch(device, stream, halfSizes, " of the second half"));
            } else {
                batch = closing.add(new DeviceBatch(device, limits, sizes, BatchHalves.none()));
                scratchOfSecond = null;
            }
        } catch (RuntimeException | Error e) {
            closing.close();
            throw e;
        }
    }

    private DeviceMemory zeroed(Device device, Stream stream, int maxRows, String of) {
        DeviceMemory memory = closing.add(
                device.allocate("products' counters" + of, LinearKernel.progressBytes(maxRows)));
        stream.fill(memory, 0, memory.sizeBytes(), (byte) 0);
        return memory;
    }

    private int maxRowsOfSecond() {
        return limits.maxNumSeqs() - HalfBatches.numFirst(limits.maxNumSeqs());
    }

    /** For steps without halves. */
    static StepMemory whole(Device device, Stream stream, ModelConfig config, ModelLimits limits) {
        return new StepMemory(device, stream, config, limits, HalfBatches.NONE, device);
    }

    private AttentionPlan.Sizes halfSizes(Device device) {
        int maxNumSeqs = HalfBatches.numFirst(limits.maxNumSeqs());
        return CudaAttention.decodeSizes(device, config.attention(), maxNumSeqs, limits.maxModelLen());
    }

    ModelConfig config() {
        return config;
    }

    ModelLimits limits() {
        return limits;
    }

    /** Whether steps within the limits can have halves. */
    boolean hasHalves() {
        return halves.isFor(limits.maxNumSeqs());
    }

    CudaMemory sequences() {
        return sequences;
    }

    CudaCopies copies() {
        return copies;
    }

    DeviceBatch batch() {
        return batch;
    }

    /** Attention's kernels for a part of a step, on a device that has as many multiprocessors as it is to use. */
    CudaAttention attention(Device device, BatchPart part) {
        AttentionPlan.Sizes sizes = part == BatchPart.WHOLE
                ? CudaAttention.sizes(device, config.attention(), limits) : halfSizes(device);
        return new CudaAttention(device, sizes, part == BatchPart.SECOND ? scratchOfSecond : scratch);
    }

    /** Address of what products of a part of a step count, where their kernels have rows behind them. */
    long progress(BatchPart part) {
        return part == BatchPart.SECOND ? progressOfSecond.address() : progress.address();
    }

    @Override
    public void close() {
        closing.close();
    }
}
