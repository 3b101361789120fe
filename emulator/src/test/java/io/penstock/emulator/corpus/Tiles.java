package io.penstock.emulator.corpus;

/** Matrices of 16-bit elements as images of shared memory, as kernels for 9.0 keep them in global memory. */
final class Tiles {
    private Tiles() {}

    /** The 16-byte pieces of rows of {@code widthBytes}, permuted as a swizzle of that width, 32, 64 or 128, does. */
    static int swizzled(int offset, int widthBytes) {
        return offset ^ (offset >> 7 & widthBytes / 16 - 1) << 4;
    }

    /** {@code [rows / tileRows][columns / 64]} tiles, each of rows of 128 bytes, swizzled. */
    static short[] of(short[] matrix, int rows, int columns, int tileRows) {
        short[] tiles = new short[matrix.length];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int tile = row / tileRows * (columns / 64) + column / 64;
                int within = row % tileRows * 128 + column % 64 * 2;
                tiles[tile * tileRows * 64 + swizzled(within, 128) / 2] = matrix[row * columns + column];
            }
        }
        return tiles;
    }

    /** {@code x[m, k] w[n, k]^T} of bfloat16 values, in float64. */
    static double[] product(short[] x, short[] w, int m, int n, int k) {
        double[] y = new double[m * n];
        for (int row = 0; row < m; row++) {
            for (int column = 0; column < n; column++) {
                double sum = 0;
                for (int i = 0; i < k; i++) {
                    sum += (double) Data.bf16(x[row * k + i]) * Data.bf16(w[column * k + i]);
                }
                y[row * n + column] = sum;
            }
        }
        return y;
    }
}
