package io.penstock.kernels;

import io.penstock.device.LaunchShape;

/** Launch shapes of kernels in which a warp owns a row that it holds in registers. */
final class WarpRows {
    /** The longest row. */
    static final int MAX_COLUMNS = 2048;

    private static final int WARP_SIZE = 32;

    /** Below it a step is short of blocks rather than of bandwidth. */
    private static final int FEW_ROWS = 64;

    private static final int FEW_WARPS = 4;
    private static final int MANY_WARPS = 12;

    private final LaunchShape few = LaunchShape.ofThreads(FEW_WARPS * WARP_SIZE);
    private final LaunchShape many = LaunchShape.ofThreads(MANY_WARPS * WARP_SIZE);

    /** Rows of a block. More of them read the weight less often; fewer make more blocks. */
    static int warps(int numRows) {
        return numRows < FEW_ROWS ? FEW_WARPS : MANY_WARPS;
    }

    LaunchShape shape(int numRows) {
        LaunchShape shape = numRows < FEW_ROWS ? few : many;
        return shape.grid(Math.ceilDiv(numRows, warps(numRows)), 1, 1);
    }

    static int requireColumns(int numColumns) {
        OperationKernel.requireVectors("rows", numColumns);
        if (numColumns > MAX_COLUMNS) {
            throw new UnsupportedShapeException("rows of " + numColumns + ": the kernels hold up to " + MAX_COLUMNS
                    + " in registers; raise kMaxColumns and compile anew");
        }
        return numColumns;
    }
}
