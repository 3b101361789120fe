package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@code out[t] = embedTokens[tokenIds[t]]}, where an id may stand for the token that a conv slot sampled last. */
public final class EmbedKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("embed_bf16", 32, POINTER, POINTER, POINTER, POINTER, INT);

    private static final int BLOCK_THREADS = 128;

    private final Launch launch;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    /** For rows of {@code numColumns}, a multiple of 8. */
    public EmbedKernel(Device device, int numColumns) {
        super(device, "embed");
        launch = launch(BF16);
        launch.args().setInt(4, requireVectors("embeddings", numColumns));
    }

    /** The id that stands for the token that a conv slot sampled last, known to the device alone. */
    public static int lastSampledBy(int convSlot) {
        return -1 - convSlot;
    }

    /**
     * Queues it.
     *
     * @param out address of bfloat16 [tokens, columns]
     * @param embedTokens address of bfloat16 [vocab, columns], row-major
     * @param tokenIds address of int [tokens], each one a row of the table, or {@link #lastSampledBy} a slot
     * @param lastSampled address of int [conv slots]; read where an id asks for it
     */
    public void launch(
            Stream stream, long out, long embedTokens, long tokenIds, long lastSampled, int numTokens) {
        if (numTokens == 0) {
            return;
        }
        launch.args().setPointer(0, out).setPointer(1, embedTokens).setPointer(2, tokenIds).setPointer(3, lastSampled);
        launch.run(stream, shape.grid(numTokens, 1, 1));
    }
}
