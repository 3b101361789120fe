package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@code out[r] = x[logitTokens[r]]}: the rows, mostly the last one of a sequence, that go through the LM head. */
public final class GatherLastKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("gather_last_bf16", 32, POINTER, POINTER, POINTER, INT);

    private static final int BLOCK_THREADS = 128;

    private final Launch launch;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    /** For rows of {@code numColumns}, a multiple of 8. */
    public GatherLastKernel(Device device, int numColumns) {
        super(device, "gather_last");
        launch = launch(BF16);
        launch.args().setInt(3, requireVectors("rows", numColumns));
    }

    /**
     * Queues it; the two matrices do not overlap.
     *
     * @param out address of bfloat16 [rows, columns]
     * @param x address of bfloat16 [tokens, columns]
     * @param logitTokens address of int [rows], each one a batch token
     */
    public void launch(Stream stream, long out, long x, long logitTokens, int numRows) {
        if (numRows == 0) {
            return;
        }
        launch.args().setPointer(0, out).setPointer(1, x).setPointer(2, logitTokens);
        launch.run(stream, shape.grid(numRows, 1, 1));
    }
}
