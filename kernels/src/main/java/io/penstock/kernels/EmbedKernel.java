package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@code out[t] = embedTokens[tokenIds[t]]}. */
public final class EmbedKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("embed_bf16", 32, POINTER, POINTER, POINTER, INT);

    private static final int BLOCK_THREADS = 128;

    private final Launch launch;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    /** For rows of {@code numColumns}, a multiple of 8. */
    public EmbedKernel(Device device, int numColumns) {
        super(device, "embed");
        launch = launch(BF16);
        launch.args().setInt(3, requireVectors("embeddings", numColumns));
    }

    /**
     * Queues it.
     *
     * @param out address of bfloat16 [tokens, columns]
     * @param embedTokens address of bfloat16 [vocab, columns], row-major
     * @param tokenIds address of int [tokens], each one a row of the table
     */
    public void launch(Stream stream, long out, long embedTokens, long tokenIds, int numTokens) {
        if (numTokens == 0) {
            return;
        }
        launch.args().setPointer(0, out).setPointer(1, embedTokens).setPointer(2, tokenIds);
        launch.run(stream, shape.grid(numTokens, 1, 1));
    }
}
