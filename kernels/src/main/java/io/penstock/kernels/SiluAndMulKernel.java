package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@code out = silu(gate) * up} of a projection whose rows are gate, then up. */
public final class SiluAndMulKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("silu_and_mul_bf16", 40, POINTER, POINTER, INT);
    static final EntryPoint F32 = new EntryPoint("silu_and_mul_f32", 32, POINTER, POINTER, INT);

    private static final int BLOCK_THREADS = 128;
    private static final int ACCESS_BYTES = 16;

    private final Launch bf16;
    private final Launch f32;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    public SiluAndMulKernel(Device device) {
        super(device, "silu_and_mul");
        bf16 = launch(BF16);
        f32 = launch(F32);
    }

    /** Blocks that a row takes. */
    static int blocks(int width, int inputBytes) {
        return Math.ceilDiv(width, BLOCK_THREADS * (ACCESS_BYTES / inputBytes));
    }

    /**
     * Queues it.
     *
     * @param out address of bfloat16 [rows, width]
     * @param gateUp address of bfloat16 [rows, 2 width]
     * @param width outputs of a row, a multiple of 8
     */
    public void launch(Stream stream, long out, long gateUp, int numRows, int width) {
        launch(stream, bf16, Short.BYTES, out, gateUp, numRows, width);
    }

    /**
     * Queues it, without a rounding between the projection and the product.
     *
     * @param out address of bfloat16 [rows, width]
     * @param gateUp address of float32 [rows, 2 width]
     * @param width outputs of a row, a multiple of 8
     */
    public void launchFloat32(Stream stream, long out, long gateUp, int numRows, int width) {
        launch(stream, f32, Float.BYTES, out, gateUp, numRows, width);
    }

    private void launch(Stream stream, Launch launch, int inputBytes, long out, long gateUp, int numRows, int width) {
        if (numRows == 0) {
            return;
        }
        assert width % VECTOR_WIDTH == 0 : width;
        launch.args().setPointer(0, out).setPointer(1, gateUp).setInt(2, width);
        launch.run(stream, shape.grid(numRows, blocks(width, inputBytes), 1));
    }
}
