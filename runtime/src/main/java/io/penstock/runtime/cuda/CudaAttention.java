package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.kernels.AttentionKernel;
import io.penstock.kernels.AttentionPlan;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.AttentionConfig;

/** Attention's kernels with what they keep between blocks: partial results of long contexts, and counters. */
final class CudaAttention implements AutoCloseable {
    private final AttentionPlan.Sizes sizes;
    private final DeviceMemory partials;
    private final DeviceMemory counters;
    private final AttentionKernel kernel;

    CudaAttention(Device device, Stream stream, AttentionConfig attention, ModelLimits limits) {
        sizes = new AttentionPlan.Sizes(limits.maxNumSeqs(), limits.maxNumBatchedTokens(), limits.maxModelLen(),
                new AttentionPlan.Heads(attention.numHeads() / attention.numKvHeads(), attention.numKvHeads()),
                AttentionPlan.Workers.of(device.properties()));
        partials = device.allocate("attention's partial results", sizes.partialBytes());
        counters = device.allocate("attention's counters", sizes.counterBytes());
        stream.fill(counters, 0, counters.sizeBytes(), (byte) 0);
        kernel = new AttentionKernel(device, sizes);
    }

    AttentionPlan.Sizes sizes() {
        return sizes;
    }

    /** The addresses of steps whose tables and plan lie here. */
    AttentionKernel.StepAddresses addresses(long blockTables, long plan) {
        return new AttentionKernel.StepAddresses(blockTables, plan, partials.address(), counters.address());
    }

    /** Queues the launches that the plan has items for; addresses as of {@link AttentionKernel}. */
    void run(Stream stream, long out, long qkv, long keysValues, AttentionPlan plan,
            AttentionKernel.StepAddresses step) {
        if (plan.numDecodeItems() > 0) {
            kernel.launchDecode(stream, out, qkv, keysValues, step);
        }
        if (plan.numPrefillItems() > 0) {
            kernel.launchPrefill(stream, out, qkv, keysValues, step);
        }
    }

    /** Queues a step whose sequences have one token each. */
    void runDecode(Stream stream, long out, long qkv, long keysValues, AttentionKernel.StepAddresses step) {
        kernel.launchDecode(stream, out, qkv, keysValues, step);
    }

    @Override
    public void close() {
        kernel.close();
        counters.close();
        partials.close();
    }
}
