package io.penstock.serving.model;

import io.penstock.device.Device;
import io.penstock.device.DeviceProperties;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.DevicePlan;
import io.penstock.runtime.plan.MemoryPlan;
import io.penstock.runtime.plan.MemorySize;

/** Resolves the limits of a model on a device: KV blocks get what weights, workspace and slots leave. */
final class DeviceLimits {
    private final ModelConfig model;
    private final ServingConfig config;
    private final Backend.Accelerator accelerator;

    DeviceLimits(ModelConfig model, ServingConfig config, Backend.Accelerator accelerator) {
        this.model = model;
        this.config = config;
        this.accelerator = accelerator;
    }

    /** What may be used of a device: its share, without what others hold of it. */
    long budgetBytes(Device device) {
        DeviceProperties.Memory memory = device.properties().memory();
        long others = Math.max(0, memory.totalBytes() - device.freeBytes());
        return (long) (memory.totalBytes() * accelerator.memoryUtilization()) - others;
    }

    /** @throws InputException where it does not fit; says what is needed, what there is, and what to lower */
    ResolvedLimits resolve(DeviceProperties device, long budgetBytes) {
        AskedLimits asked = config.limits();
        Preset.Sizes usual = config.preset().onDevice;
        int modelLen = ResolvedLimits.modelLen(model, asked);
        int seqs = asked.maxNumSeqs() != null ? asked.maxNumSeqs()
                : accelerator.fillsMemory() ? usual.maxNumSeqs() : config.preset().onCpu.maxNumSeqs();
        int batched = asked.maxNumBatchedTokens() != null ? asked.maxNumBatchedTokens()
                : Math.max(accelerator.fillsMemory() ? usual.maxNumBatchedTokens()
                        : config.preset().onCpu.maxNumBatchedTokens(), seqs);
        var wanted = new MemoryPlan.Asked(seqs, batched, modelLen, numSnapshots(asked, seqs));
        MemoryPlan most = DevicePlan.of(model, wanted, ResolvedLimits.masks(model, seqs), budgetBytes,
                accelerator.options(), device);
        int blocks = numKvBlocks(most);
        int snapshots = wanted.numSnapshots() == MemoryPlan.Asked.ONE_FOR_TWO_BLOCKS ? blocks / 2
                : wanted.numSnapshots();
        long swapBlocks = asked.swapBytes() == null ? 0 : asked.swapBytes() / most.kvBlockBytes();
        if (swapBlocks > Integer.MAX_VALUE) {
            throw new InputException("swap space of " + swapBlocks + " blocks is more than can be counted: lower it");
        }
        var limits = new ModelLimits(seqs, batched, modelLen, blocks, snapshots, (int) swapBlocks,
                ResolvedLimits.masks(model, seqs));
        long stateBytes = MemoryPlan.convSlotBytes(model);
        return new ResolvedLimits(limits, budgetBytes, blocks * most.kvBlockBytes(),
                (limits.numConvSlots() + (long) snapshots) * stateBytes,
                swapBlocks * most.kvBlockBytes() + limits.numSwapSlots() * stateBytes, most.workspaceBytes());
    }

    private int numSnapshots(AskedLimits asked, int seqs) {
        return asked.numSnapshots() != null ? asked.numSnapshots()
                : config.prefixCaching() ? MemoryPlan.Asked.ONE_FOR_TWO_BLOCKS
                : Math.min(seqs, ResolvedLimits.FORK_SNAPSHOTS);
    }

    private int numKvBlocks(MemoryPlan most) {
        AskedLimits asked = config.limits();
        int fitting = most.limits().numKvBlocks();
        long blocks = asked.numKvBlocks() != null ? asked.numKvBlocks()
                : asked.kvBytes() != null ? asked.kvBytes() / most.kvBlockBytes()
                : accelerator.fillsMemory() ? fitting
                : Math.min(fitting, ResolvedLimits.usualBlocks(most.limits().maxNumSeqs(),
                        most.limits().maxModelLen()));
        if (blocks > fitting) {
            throw new InputException("does not fit: " + blocks + " KV blocks take "
                    + MemorySize.show(blocks * most.kvBlockBytes()) + ", and beside weights, conv slots, snapshots and"
                    + " workspace the device has room for " + fitting + ", "
                    + MemorySize.show(fitting * most.kvBlockBytes())
                    + ": lower the KV memory, --max-num-batched-tokens or --max-num-seqs");
        }
        return ResolvedLimits.requireOneSequence(blocks, most.limits().maxModelLen(), most.kvBlockBytes());
    }
}
