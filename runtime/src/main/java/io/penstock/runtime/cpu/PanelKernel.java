package io.penstock.runtime.cpu;

/**
 * Products of a few activation rows with one weight panel:
 * {@code tile[r, n] = sum over k of x[r, k] * panel[n, k]}, each sum one fused multiply-add after the other from k = 0.
 * The order is part of the definition: a result depends neither on the other rows nor on the vector length.
 */
abstract class PanelKernel {
    /** The most rows of one call. */
    static final int MAX_ROWS = 8;

    /** Floats of a tile [MAX_ROWS, 32]. */
    static final int TILE_FLOATS = MAX_ROWS * PackedMatrix.PANEL_ROWS;

    /**
     * Computes a tile of rows where they lie.
     *
     * @param x activation values
     * @param rowOffsets where each row starts in {@code x}, from index {@code first}; the entries up to a multiple of
     *     four rows repeat a valid row
     * @param numRows 1 to {@link #MAX_ROWS}; rows of the tile beyond it are undefined
     * @param tile [numRows, 32]
     */
    abstract void multiply(PackedMatrix matrix, int panel, float[] x, int[] rowOffsets, int first, int numRows,
            float[] tile);

    /**
     * Brings {@link #MAX_ROWS} rows into the order of {@link #multiplyPacked}: {@code packed} [columns, MAX_ROWS] from
     * {@code to}. Eight addresses become one, and the rows of a block lie together whatever rows they are.
     */
    abstract void pack(float[] x, int[] rowOffsets, int first, int columns, float[] packed, int to);

    /**
     * Computes a tile of rows packed from {@code from}.
     *
     * @param out receives 32 values of row {@code r} from {@code rowStarts[first + r] + column}
     */
    abstract void multiplyPacked(PackedMatrix matrix, int panel, float[] packed, int from, float[] out,
            int[] rowStarts, int first, int column);

    /**
     * One row with two neighbouring panels of a bfloat16 matrix: {@code tile} [2 panels, 32]. For decode, where two
     * streams of weights keep more of them on their way from memory.
     */
    abstract void multiplyTwoPanels(PackedMatrix matrix, int panel, float[] x, int rowOffset, float[] tile);
}
