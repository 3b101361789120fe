package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.Stream;

/**
 * {@code residual += sum over slots of expertOut[row, slot]; out = residual / sqrt(mean(residual^2) + eps) * weight}:
 * the sum is taken in the order of the slots and rounded before it is added.
 */
public final class CombineAddRmsNormKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("combine_add_rms_norm_bf16", 144, POINTER, POINTER, POINTER, POINTER,
            POINTER, INT, INT, INT, FLOAT);

    private final Launch launch;
    private final WarpRows rows = new WarpRows();

    /** For rows of {@code numColumns}, a multiple of 8 and at most 2048. */
    public CombineAddRmsNormKernel(Device device, int numColumns, int expertsPerToken, float eps) {
        super(device, "combine_add_rms_norm");
        launch = launch(BF16);
        launch.args()
                .setInt(5, expertsPerToken)
                .setInt(7, WarpRows.requireColumns(numColumns))
                .setFloat(8, eps);
    }

    /**
     * Queues it; the matrices do not overlap.
     *
     * @param residual address of bfloat16 [rows, columns], overwritten with the sum
     * @param out address of bfloat16 [rows, columns]
     * @param expertOut address of bfloat16 [rows, expertsPerToken, columns]
     * @param weight address of bfloat16 [columns]
     * @param numRealRows address of int [1]: rows from there on are padding, whose {@code expertOut} is not read and
     *     whose residual stays; 0 if there is none
     */
    public void launch(
            Stream stream, long residual, long out, long expertOut, long weight, long numRealRows, int numRows) {
        if (numRows == 0) {
            return;
        }
        launch.args()
                .setPointer(0, residual)
                .setPointer(1, out)
                .setPointer(2, expertOut)
                .setPointer(3, weight)
                .setPointer(4, numRealRows)
                .setInt(6, numRows);
        launch.run(stream, rows.shape(numRows));
    }
}
