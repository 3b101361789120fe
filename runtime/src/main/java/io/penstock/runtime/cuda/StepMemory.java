package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.AttentionPlan;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;

/**
 * What the operations of a step work on beside weights and activations, allocated once: the sequences' memory, the
 * batch, and what attention keeps. Where steps have halves, theirs is there too; what both only read is there once.
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

    @Override
    public void close() {
        closing.close();
    }
}
