package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.Stream;

/** {@code residual += update; out = residual / sqrt(mean(residual^2) + eps) * weight}, row by row. */
public final class AddRmsNormKernel extends OperationKernel {
    static final EntryPoint BF16 =
            new EntryPoint("add_rms_norm_bf16", 112, POINTER, POINTER, POINTER, POINTER, INT, INT, FLOAT);

    private final Launch launch;
    private final WarpRows rows = new WarpRows();

    /** For rows of {@code numColumns}, a multiple of 8 and at most 2048. */
    public AddRmsNormKernel(Device device, int numColumns, float eps) {
        super(device, "add_rms_norm");
        launch = launch(BF16);
        launch.args().setInt(5, WarpRows.requireColumns(numColumns)).setFloat(6, eps);
    }

    /**
     * Queues it; the three matrices do not overlap.
     *
     * @param residual address of bfloat16 [rows, columns], overwritten with the sum
     * @param out address of bfloat16 [rows, columns]
     * @param update address of bfloat16 [rows, columns]
     * @param weight address of bfloat16 [columns]
     */
    public void launch(Stream stream, long residual, long out, long update, long weight, int numRows) {
        if (numRows == 0) {
            return;
        }
        launch.args()
                .setPointer(0, residual)
                .setPointer(1, out)
                .setPointer(2, update)
                .setPointer(3, weight)
                .setInt(4, numRows);
        launch.run(stream, rows.shape(numRows));
    }
}
