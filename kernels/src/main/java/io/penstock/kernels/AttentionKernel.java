package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

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
    static final EntryPoint DECODE_BF16 = new EntryPoint("attention_decode_bf16", 232, POINTER, POINTER, POINTER,
            POINTER, POINTER, POINTER, POINTER, INT, INT, INT);
    static final EntryPoint PREFILL_BF16 = new EntryPoint("attention_prefill_bf16", 248, POINTER, POINTER, POINTER,
            POINTER, POINTER, POINTER, POINTER, INT, INT, INT, INT);

    private static final int BLOCK_THREADS = 128;

    private final Launch decode;
    private final Launch prefill;
    private final LaunchShape decodeShape;
    private final LaunchShape prefillShape;

    /** For plans of these sizes. */
    public AttentionKernel(Device device, AttentionPlan.Sizes sizes) {
        super(device, "attention");
        decode = launch(DECODE_BF16);
        decode.allowDynamicShared(AttentionPlan.Workers.DECODE_SHARED_BYTES);
        decodeShape = LaunchShape.ofThreads(BLOCK_THREADS)
                .dynamicShared(AttentionPlan.Workers.DECODE_SHARED_BYTES)
                .grid(sizes.workers().decodeBlocks(), 1, 1);
        prefill = launch(PREFILL_BF16);
        prefill.allowDynamicShared(AttentionPlan.Workers.PREFILL_SHARED_BYTES);
        prefillShape = LaunchShape.ofThreads(BLOCK_THREADS)
                .dynamicShared(AttentionPlan.Workers.PREFILL_SHARED_BYTES)
                .grid(sizes.workers().prefillBlocks(), 1, 1);
        prefill.args().setInt(10, sizes.maxDecodeItems());
        for (Launch launch : new Launch[] {decode, prefill}) {
            launch.args()
                    .setInt(7, Math.ceilDiv(sizes.maxModelLen(), AttentionPlan.TILE_TOKENS))
                    .setInt(8, sizes.heads().groupHeads())
                    .setInt(9, sizes.heads().numKvHeads());
        }
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
