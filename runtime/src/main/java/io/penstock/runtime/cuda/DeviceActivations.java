package io.penstock.runtime.cuda;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.model.Activations;
import io.penstock.runtime.model.Routing;

/** The tensors between operations, in one arena. All bfloat16 but the logits. */
final class DeviceActivations implements AutoCloseable {
    private static final int ALIGNMENT_BYTES = 256;

    private final ModelConfig config;
    private final ModelLimits limits;
    private final DeviceMemory arena;
    private final Activations activations;
    private long base;
    private long end;

    /**
     * Allocates it, zeroed: padding rows read what no operation has written for them.
     *
     * @param routing of the model's experts, or null; its memory is its own
     */
    DeviceActivations(Device device, Stream stream, ModelConfig config, ModelLimits limits, Routing routing) {
        this.config = config;
        this.limits = limits;
        build(routing);
        arena = device.allocate("activations", end);
        stream.fill(arena, 0, end, (byte) 0);
        base = arena.address();
        end = 0;
        activations = build(routing);
    }

    private Activations build(Routing routing) {
        int tokens = limits.maxNumBatchedTokens();
        int hidden = config.hiddenSize();
        int queryWidth = config.attention().queryWidth();
        int kvWidth = config.attention().kvWidth();
        return new Activations(
                bf16(tokens, hidden),
                bf16(tokens, hidden),
                new Activations.Projections(bf16(tokens, 3 * hidden), bf16(tokens, queryWidth + 2 * kvWidth)),
                bf16(tokens, Math.max(hidden, queryWidth)),
                bf16(tokens, hidden),
                experts(tokens, routing),
                new Activations.Head(
                        bf16(limits.maxNumLogits(), hidden),
                        tensor(limits.maxNumLogits(), WeightLayout.paddedRows(config.vocabSize()), Float.BYTES)));
    }

    private Activations.Experts experts(int tokens, Routing routing) {
        DeviceTensor dense = config.feedForward().numDenseLayers() == 0
                ? null : bf16(tokens, config.feedForward().denseWidth());
        if (!config.isMoe()) {
            return new Activations.Experts(dense, null, null, null);
        }
        int pairs = Math.multiplyExact(tokens, config.moe().expertsPerToken());
        return new Activations.Experts(
                dense, bf16(pairs, config.moe().expertWidth()), bf16(pairs, config.hiddenSize()), routing);
    }

    private DeviceTensor bf16(int rows, int columns) {
        return tensor(rows, columns, Short.BYTES);
    }

    private DeviceTensor tensor(int rows, int columns, int elementBytes) {
        long address = base + end;
        end += Math.ceilDiv((long) rows * columns * elementBytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
        return new DeviceTensor(address, rows, columns);
    }

    /** The same tensors once more, for operations on rows of the same memory: with rows in use of their own. */
    Activations again(Routing routing) {
        end = 0;
        return build(routing);
    }

    DeviceMemory arena() {
        return arena;
    }

    Activations activations() {
        return activations;
    }

    @Override
    public void close() {
        arena.close();
    }
}
