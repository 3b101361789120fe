package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * RMSNorm of each head of q and k, rotation by position, q written back, k and v written to KV blocks.
 *
 * <pre>
 *   KV blocks of a layer: [block][kv head][ K: 64 tokens x 64 dims | V: 64 tokens x 64 dims ], bfloat16
 *   in a tile, a token's row is 128 bytes = 8 chunks of 16; chunk c lies at place c XOR (token &amp; 7):
 *
 *     element(token, dim) = token 64 + ((dim / 8) ^ (token &amp; 7)) 8 + dim % 8
 * </pre>
 *
 * So a tile is copied to shared memory as it is, and eight tokens' chunks of the same dims are in different banks.
 */
public final class QkNormRopeStoreKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("qk_norm_rope_store_bf16", 64, POINTER, POINTER, POINTER, POINTER,
            POINTER, POINTER, POINTER, INT, INT, INT, FLOAT);

    private static final int HEAD_DIM = 64;
    private static final int BLOCK_TOKENS = 2;
    private static final int TOKEN_THREADS = 128;

    private final Launch launch;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_TOKENS * TOKEN_THREADS);

    public QkNormRopeStoreKernel(Device device, int numHeads, int numKvHeads, float eps) {
        super(device, "qk_norm_rope_store");
        launch = launch(BF16);
        launch.args().setInt(8, numHeads).setInt(9, numKvHeads).setFloat(10, eps);
    }

    static int blocks(int numTokens) {
        return Math.ceilDiv(numTokens, BLOCK_TOKENS);
    }

    /** Where a value lies in the K or V tile of a block and head, in elements. */
    public static int tileOffset(int token, int dim) {
        int chunk = dim / VECTOR_WIDTH ^ token % VECTOR_WIDTH;
        return token * HEAD_DIM + chunk * VECTOR_WIDTH + dim % VECTOR_WIDTH;
    }

    /**
     * Addresses that hold for a layer.
     *
     * @param kvBlocks bfloat16 KV blocks as above
     * @param qNorm bfloat16 [64]
     * @param kNorm bfloat16 [64]
     */
    public record LayerAddresses(long kvBlocks, long qNorm, long kNorm) {}

    /**
     * Addresses that hold for all layers.
     *
     * @param angles float32 [positions, 32 cosines | 32 sines]
     * @param positions int [tokens]
     * @param slotMapping int [tokens]: block 64 + offset; a negative one marks a padding token, which is left alone
     */
    public record TokenAddresses(long angles, long positions, long slotMapping) {}

    /**
     * Queues it.
     *
     * @param qkv address of bfloat16 [tokens, (heads + 2 kvHeads) 64]
     */
    public void launch(Stream stream, long qkv, LayerAddresses layer, TokenAddresses tokens, int numTokens) {
        if (numTokens == 0) {
            return;
        }
        launch.args()
                .setPointer(0, qkv)
                .setPointer(1, layer.kvBlocks())
                .setPointer(2, layer.qNorm())
                .setPointer(3, layer.kNorm())
                .setPointer(4, tokens.angles())
                .setPointer(5, tokens.positions())
                .setPointer(6, tokens.slotMapping())
                .setInt(7, numTokens);
        launch.run(stream, shape.grid(blocks(numTokens), 1, 1));
    }
}
