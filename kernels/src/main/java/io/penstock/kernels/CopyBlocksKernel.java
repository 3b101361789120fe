package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * Copies KV blocks to others over all attention layers, all at once: of the copies of a launch none writes a block that
 * another one reads or writes.
 */
public final class CopyBlocksKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("copy_blocks_bf16", 40, POINTER, POINTER, POINTER, INT);

    /** Copies of one launch: the largest grid there is. */
    public static final int MAX_COPIES = 65_535;

    private static final int BLOCK_THREADS = 256;

    private final Launch launch;
    private final int numKvHeads;
    private final int numLayers;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    /** For blocks of so many kv heads, of which each layer has {@code numBlocks}. */
    public CopyBlocksKernel(Device device, int numKvHeads, int numLayers, int numBlocks) {
        super(device, "copy_blocks");
        this.numKvHeads = numKvHeads;
        this.numLayers = numLayers;
        launch = launch(BF16);
        launch.args().setInt(3, numBlocks);
    }

    /**
     * Queues it.
     *
     * @param kvBlocks address of bfloat16 [layers, blocks, kv heads, 2, 64, 64]
     * @param from address of int [copies]
     * @param to address of int [copies]
     * @param numCopies at most {@link #MAX_COPIES}
     */
    public void launch(Stream stream, long kvBlocks, long from, long to, int numCopies) {
        if (numCopies == 0 || numLayers == 0) {
            return;
        }
        launch.args().setPointer(0, kvBlocks).setPointer(1, from).setPointer(2, to);
        launch.run(stream, shape.grid(numKvHeads, numCopies, numLayers));
    }
}
