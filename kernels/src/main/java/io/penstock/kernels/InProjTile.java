package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.LONG;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

/**
 * The variants of {@code in_proj_short_conv}: how large a part of the output a block computes. All give the same bits.
 */
enum InProjTile {
    /** Few rows: narrow blocks spread the weight over all multiprocessors, and deep pipelines keep it coming. */
    M32(32, 48, 64, 9, 112),
    M64(64, 48, 128, 7, 112),
    /** Many rows: enough blocks for all multiprocessors although they are large. */
    M128(128, 96, 256, 3, 128);

    private static final int STAGE_ROW_BYTES = 128;

    private final int blockRows;
    private final int blockColumns;
    private final int threads;
    private final int numStages;
    private final int maxRegisters;

    InProjTile(int blockRows, int blockColumns, int threads, int numStages, int maxRegisters) {
        this.blockRows = blockRows;
        this.blockColumns = blockColumns;
        this.threads = threads;
        this.numStages = numStages;
        this.maxRegisters = maxRegisters;
    }

    /** The variant for a batch. */
    static InProjTile select(int numRows, int hidden, int numMultiprocessors) {
        if (numRows <= M32.blockRows) {
            return M32;
        }
        return (long) M128.gridX(numRows) * M128.gridY(hidden) >= numMultiprocessors ? M128 : M64;
    }

    int threads() {
        return threads;
    }

    int sharedBytes() {
        return numStages * (blockRows + blockColumns) * STAGE_ROW_BYTES;
    }

    int gridX(int numRows) {
        return Math.ceilDiv(numRows, blockRows);
    }

    int gridY(int hidden) {
        return Math.ceilDiv(3 * hidden, blockColumns);
    }

    EntryPoint entry() {
        return new EntryPoint("in_proj_short_conv_m" + blockRows + "_bf16", maxRegisters, POINTER, POINTER, POINTER,
                POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT, INT, LONG);
    }
}
