package io.penstock.kernels;

import io.penstock.device.DeviceProperties;

/** How the weights of {@link LinearKernel} and {@link GroupedLinearKernel} lie in memory, and so which kernels run. */
public enum WeightFormat {
    /** As in the checkpoint, [rows, k] of bfloat16: for all devices. */
    ROW_MAJOR("sm_80") {
        @Override
        public long matrixBytes(int numRows, int k) {
            return (long) Short.BYTES * numRows * k;
        }
    },

    /** Images of tiles in shared memory, see {@link WeightTiles}: for compute capability 9.0 alone. */
    TILES("sm_90a") {
        @Override
        public long matrixBytes(int numRows, int k) {
            return (long) WeightTiles.BYTES * WeightTiles.rowTiles(numRows) * WeightTiles.kTiles(k);
        }
    };

    /** The one device whose kernels for itself alone are there. */
    private static final int HOPPER = 90;

    private final String ptxSet;

    WeightFormat(String ptxSet) {
        this.ptxSet = ptxSet;
    }

    /** The format for a device: the fastest that there are kernels for. */
    public static WeightFormat of(DeviceProperties device) {
        return device.computeCapability() == HOPPER ? TILES : ROW_MAJOR;
    }

    /** What a matrix takes, padding included; matrices of experts lie one behind the other. */
    public abstract long matrixBytes(int numRows, int k);

    /** The set of PTX with the kernels that read it. */
    String ptxSet() {
        return ptxSet;
    }
}
