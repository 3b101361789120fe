package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import io.penstock.kernels.AttentionKernel;
import io.penstock.kernels.AttentionPlan;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.AttentionConfig;

/** Attention's kernels with what they keep between blocks. */
final class CudaAttention implements AutoCloseable {
    private final AttentionKernel kernel;
    private final AttentionScratch scratch;

    /** @param scratch for plans of these sizes; the caller closes it after this */
    CudaAttention(Device device, AttentionPlan.Sizes sizes, AttentionScratch scratch) {
        this.scratch = scratch;
        kernel = new AttentionKernel(device, sizes);
    }

    /** The sizes of plans of steps within limits, on a device. */
    static AttentionPlan.Sizes sizes(Device device, AttentionConfig attention, ModelLimits limits) {
        return sizes(device, attention, limits.maxNumSeqs(), limits.maxNumBatchedTokens(), limits.maxModelLen());
    }

    /** The same of decode steps of so many sequences. */
    static AttentionPlan.Sizes decodeSizes(
            Device device, AttentionConfig attention, int maxNumSeqs, int maxModelLen) {
        return sizes(device, attention, maxNumSeqs, maxNumSeqs, maxModelLen);
    }

    private static AttentionPlan.Sizes sizes(
            Device device, AttentionConfig attention, int maxNumSeqs, int maxNumTokens, int maxModelLen) {
        return new AttentionPlan.Sizes(maxNumSeqs, maxNumTokens, maxModelLen,
                new AttentionPlan.Heads(attention.numHeads() / attention.numKvHeads(), attention.numKvHeads()),
                AttentionPlan.Workers.of(device.properties()));
    }

    /** The addresses of steps whose tables and plan lie here. */
    AttentionKernel.StepAddresses addresses(long blockTables, long plan) {
        return new AttentionKernel.StepAddresses(blockTables, plan, scratch.partials(), scratch.counters());
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
    }
}
