package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@code out[t] = embedTokens[tokenIds[t]]}, where an id may stand for the token that a conv slot sampled last. Notes
 * each token at its KV slot: there {@link SampleKernel} finds what a sequence produced.
 */
public final class EmbedKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("embed_bf16", 32, POINTER, POINTER, POINTER, POINTER,
            POINTER, POINTER, INT);

    static final EntryPoint TILED_BF16 = new EntryPoint("embed_tiled_bf16", 32, POINTER, POINTER, POINTER, POINTER,
            POINTER, POINTER, INT);

    private static final int BLOCK_THREADS = 128;

    private final Launch rowMajor;
    private final Launch tiled;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    /** For rows of {@code numColumns}, a multiple of 8. */
    public EmbedKernel(Device device, int numColumns) {
        super(device, "embed");
        rowMajor = launch(BF16);
        tiled = launch(TILED_BF16);
        rowMajor.args().setInt(6, requireVectors("embeddings", numColumns));
        tiled.args().setInt(6, numColumns);
    }

    /** The id that stands for the token that a conv slot sampled last, known to the device alone. */
    public static int lastSampledBy(int convSlot) {
        return -1 - convSlot;
    }

    /**
     * Addresses of what is known of the tokens.
     *
     * @param tokenIds int [tokens], each one a row of the table, or {@link #lastSampledBy} a slot
     * @param lastSampled int [conv slots]; read where an id asks for it
     * @param slotMapping int [tokens]: block x 64 + offset, negative for padding
     * @param blockTokens int [KV blocks, 64]: gets the token of each KV slot
     */
    public record TokenAddresses(long tokenIds, long lastSampled, long slotMapping, long blockTokens) {}

    /**
     * Queues it.
     *
     * @param out address of bfloat16 [tokens, columns]
     * @param embedTokens address of bfloat16 [vocab, columns] in a format
     */
    public void launch(Stream stream, long out, long embedTokens, WeightFormat format, TokenAddresses tokens,
            int numTokens) {
        if (numTokens == 0) {
            return;
        }
        Launch launch = switch (format) {
            case ROW_MAJOR -> rowMajor;
            case TILES -> tiled;
        };
        launch.args()
                .setPointer(0, out)
                .setPointer(1, embedTokens)
                .setPointer(2, tokens.blockTokens())
                .setPointer(3, tokens.tokenIds())
                .setPointer(4, tokens.lastSampled())
                .setPointer(5, tokens.slotMapping());
        launch.run(stream, shape.grid(numTokens, 1, 1));
    }
}
