package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@code residual += update}. */
public final class AddKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("add_bf16", 32, POINTER, POINTER, INT);

    private static final int BLOCK_THREADS = 256;
    private static final int VECTORS_PER_THREAD = 2;

    private final Launch launch;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    public AddKernel(Device device) {
        super(device, "add");
        launch = launch(BF16);
    }

    static int blocks(int numVectors) {
        return Math.ceilDiv(numVectors, BLOCK_THREADS * VECTORS_PER_THREAD);
    }

    /**
     * Queues it; the two do not overlap.
     *
     * @param residual address of bfloat16 [elements], overwritten with the sum
     * @param update address of bfloat16 [elements]
     * @param numElements a multiple of 8
     */
    public void launch(Stream stream, long residual, long update, long numElements) {
        if (numElements == 0) {
            return;
        }
        assert numElements % VECTOR_WIDTH == 0 : numElements;
        int numVectors = Math.toIntExact(numElements / VECTOR_WIDTH);
        launch.args().setPointer(0, residual).setPointer(1, update).setInt(2, numVectors);
        launch.run(stream, shape.grid(blocks(numVectors), 1, 1));
    }
}
