package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.Stream;

/** {@code out = x / sqrt(mean(x^2) + eps) * weight}, row by row; the result of a row depends on that row alone. */
public final class RmsNormKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("rms_norm_bf16", 80, POINTER, POINTER, POINTER, INT, INT, FLOAT);

    private final Launch launch;
    private final WarpRows rows = new WarpRows();

    /** For rows of {@code numColumns}, a multiple of 8 and at most 2048. */
    public RmsNormKernel(Device device, int numColumns, float eps) {
        super(device, "rms_norm");
        launch = launch(BF16);
        launch.args().setInt(4, WarpRows.requireColumns(numColumns)).setFloat(5, eps);
    }

    /**
     * Queues it.
     *
     * @param out address of bfloat16 [rows, columns]; may be {@code x}
     * @param x address of bfloat16 [rows, columns]
     * @param weight address of bfloat16 [columns]
     */
    public void launch(Stream stream, long out, long x, long weight, int numRows) {
        if (numRows == 0) {
            return;
        }
        launch.args().setPointer(0, out).setPointer(1, x).setPointer(2, weight).setInt(3, numRows);
        launch.run(stream, rows.shape(numRows));
    }
}
