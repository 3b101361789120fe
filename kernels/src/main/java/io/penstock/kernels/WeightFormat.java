package io.penstock.kernels;

import io.penstock.device.DeviceProperties;

/** How the weights of {@link LinearKernel} and {@link GroupedLinearKernel} lie in memory, and so which kernels run. */
public enum WeightFormat {
    /** As in the checkpoint, [rows, k] of bfloat16: for all devices. */
    ROW_MAJOR(PtxSet.PORTABLE) {
        @Override
        public long matrixBytes(int numRows, int k) {
            return (long) Short.BYTES * numRows * k;
        }
    },

    /** Images of tiles in shared memory, see {@link WeightTiles}: for compute capability 9.0 alone. */
    TILES(PtxSet.HOPPER) {
        @Override
        public long matrixBytes(int numRows, int k) {
            return (long) WeightTiles.BYTES * WeightTiles.rowTiles(numRows) * WeightTiles.kTiles(k);
        }
    };

    private final PtxSet ptxSet;

    WeightFormat(PtxSet ptxSet) {
        this.ptxSet = ptxSet;
    }

    /** The format for a device: the fastest that there are kernels for. */
    public static WeightFormat of(DeviceProperties device) {
        return switch (PtxSet.of(device)) {
            case PORTABLE -> ROW_MAJOR;
            case HOPPER -> TILES;
        };
    }

    /** What a matrix takes, padding included; matrices of experts lie one behind the other. */
    public abstract long matrixBytes(int numRows, int k);

    /** The set of PTX with the kernels that read it. */
    PtxSet ptxSet() {
        return ptxSet;
    }
}
