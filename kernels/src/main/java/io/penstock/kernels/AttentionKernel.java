package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@code out = softmax(q kᵀ / 8) v} over paged keys and values, for the items of an {@link AttentionPlan}: one launch
 * for tokens that are alone in their sequence's step, one for those of prompts. Either has as many blocks as the device
 * holds at a time, whatever the plan, which is read on the device: a graph holds for every batch, and what is in no
 * item is neither read nor written.
 */
public final class AttentionKernel extends OperationKernel {
    private final Launch decode;
    private final Launch prefill;
    private final LaunchShape decodeShape;
    private final LaunchShape prefillShape;

    /** For plans of these sizes. */
    public AttentionKernel(Device device, AttentionPlan.Sizes sizes) {
        this(device, sizes, AttentionVariant.of(device.properties()));
    }

    AttentionKernel(Device device, AttentionPlan.Sizes sizes, AttentionVariant variant) {
        super(device, "attention", variant.set());
        decode = launch(variant.decode());
        decodeShape = shape(variant.decode(), sizes.workers().decode());
        prefill = launch(variant.prefill());
        prefillShape = shape(variant.prefill(), sizes.workers().prefill());
        prefill.args().setInt(10, sizes.maxDecodeItems());
        for (Launch launch : new Launch[] {decode, prefill}) {
            launch.args()
                    .setInt(7, Math.ceilDiv(sizes.maxModelLen(), AttentionPlan.TILE_TOKENS))
                    .setInt(8, sizes.heads().groupHeads())
                    .setInt(9, sizes.heads().numKvHeads());
        }
    }

    private Launch launch(AttentionVariant.Kernel kernel) {
        Launch launch = launch(kernel.entry());
        launch.allowDynamicShared(kernel.sharedBytes());
        return launch;
    }

    private static LaunchShape shape(AttentionVariant.Kernel kernel, int numWorkers) {
        return LaunchShape.ofThreads(kernel.threads())
                .dynamicShared(kernel.sharedBytes())
                .grid(Math.ceilDiv(numWorkers, kernel.workers()), 1, 1);
    }

    /**
     * Addresses that hold for all layers.
     *
     * @param blockTables int [conv slots, blocks of the longest sequence]
     * @param plan an {@link AttentionPlan} as it writes itself
     * @param partials {@link AttentionPlan.Sizes#partialBytes} for results of pieces; need no first value
     * @param counters {@link AttentionPlan.Sizes#counterBytes}, zero before the first launch, and again after each
     */
    public record StepAddresses(long blockTables, long plan, long partials, long counters) {}

    /**
     * Queues the attention of the plan's single tokens.
     *
     * @param out address of bfloat16 [tokens, heads 64]
     * @param qkv address of bfloat16 [tokens, (heads + 2 kvHeads) 64]
     * @param kvBlocks address of the layer's KV blocks, as {@link QkNormRopeStoreKernel} writes them
     */
    public void launchDecode(Stream stream, long out, long qkv, long kvBlocks, StepAddresses step) {
        launch(decode, decodeShape, stream, out, qkv, kvBlocks, step);
    }

    /** Queues the attention of the plan's other tokens; addresses as of {@link #launchDecode}. */
    public void launchPrefill(Stream stream, long out, long qkv, long kvBlocks, StepAddresses step) {
        launch(prefill, prefillShape, stream, out, qkv, kvBlocks, step);
    }

    private static void launch(
            Launch launch, LaunchShape shape, Stream stream, long out, long qkv, long kvBlocks, StepAddresses step) {
        launch.args()
                .setPointer(0, out)
                .setPointer(1, qkv)
                .setPointer(2, kvBlocks)
                .setPointer(3, step.blockTables())
                .setPointer(4, step.plan())
                .setPointer(5, step.partials())
                .setPointer(6, step.counters());
        launch.run(stream, shape);
    }
}
