package io.penstock.runtime.cuda;

import io.penstock.device.DeviceProperties;
import io.penstock.device.Stream;
import io.penstock.kernels.TileTable;
import io.penstock.kernels.UnsupportedShapeException;
import io.penstock.kernels.WeightFormat;
import io.penstock.runtime.InputException;
import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.DummyCheckpoint;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.plan.MemoryPlan;
import io.penstock.runtime.plan.MemorySize;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What a model and its runner take of a device, counted by making them on one that only writes down what is allocated:
 * all allocations are made at start, by {@link DeviceWorkspace} and for the weights.
 */
public final class DevicePlan {
    private DevicePlan() {}

    /**
     * Divides a budget as {@link CudaModel} will: all that is neither weights nor KV blocks, conv slots or snapshots is
     * workspace, that of the sampler too. A KV block is counted with the ids of its tokens.
     *
     * @param masks room for token masks
     * @param options how the model will run, of which some take memory
     * @param device decides the size of some scratch memory
     * @throws InputException if a sequence of {@code maxModelLen} tokens does not fit, with what to lower; or if the
     *     model has a shape that the kernels are not made for
     */
    public static MemoryPlan of(ModelConfig config, MemoryPlan.Asked asked, MaskLimits masks, long budgetBytes,
            CudaOptions options, DeviceProperties device) {
        long oneBlock = sum(config, asked, masks, 1, options, device);
        long blockBytes = sum(config, asked, masks, 2, options, device) - oneBlock;
        long workspace = oneBlock - blockBytes - asked.maxNumSeqs() * MemoryPlan.convSlotBytes(config);
        return MemoryPlan.of(config, asked, budgetBytes,
                new MemoryPlan.Needs(weightsBytes(config, device), workspace, blockBytes));
    }

    /** All allocations but the weights, with so many KV blocks and no snapshot. */
    private static long sum(ModelConfig config, MemoryPlan.Asked asked, MaskLimits masks, int numBlocks,
            CudaOptions options, DeviceProperties device) {
        int modelLen = Math.min(asked.maxModelLen(), config.dimensions().maxPositionEmbeddings());
        var limits = new ModelLimits(asked.maxNumSeqs(), asked.maxNumBatchedTokens(), modelLen, numBlocks, 0, 0, masks);
        return allocations(config, limits, options, device).values().stream().mapToLong(Long::longValue).sum();
    }

    /** Bytes of all weights as they lie on a device, padding included. */
    static long weightsBytes(ModelConfig config, DeviceProperties device) {
        return weightsBytes(config, WeightFormat.of(device));
    }

    /** Bytes of all weights that any device has to have room for. */
    public static long weightsBytes(ModelConfig config) {
        return weightsBytes(config, WeightFormat.ROW_MAJOR);
    }

    private static long weightsBytes(ModelConfig config, WeightFormat format) {
        try (ModelTensors shapes = new DummyCheckpoint(config, 0)) {
            return DeviceWeights.sizeBytes(shapes, format);
        }
    }

    /** Bytes of all but the weights, by what they are for, in the order of their allocation. */
    static Map<String, Long> allocations(
            ModelConfig config, ModelLimits limits, CudaOptions options, DeviceProperties properties) {
        PlannedDevice device = new PlannedDevice(properties);
        try {
            new DeviceWorkspace(device, Stream.Serialization.FULL, config, limits, TileTable.BUILT_IN,
                    options.halves(config)).close();
        } catch (UnsupportedShapeException e) {
            throw new InputException("no GPU kernels for this model: " + e.getMessage()
                    + "; run it with --device cpu", e);
        }
        return device.allocated();
    }

    /** What a model's allocations take, one line each with its name, for people. */
    static String table(ModelConfig config, ModelLimits limits, CudaOptions options, DeviceProperties device) {
        Map<String, Long> all = new LinkedHashMap<>();
        all.put("weights", weightsBytes(config, device));
        all.putAll(allocations(config, limits, options, device));
        StringBuilder text = new StringBuilder();
        all.forEach((name, bytes) -> text.append(
                String.format(Locale.ROOT, "%n  %-24s %10s", name, MemorySize.show(bytes))));
        return text.toString();
    }
}
