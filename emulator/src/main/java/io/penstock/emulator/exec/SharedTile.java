package io.penstock.emulator.exec;

/**
 * A matrix descriptor of wgmma: where the 16-byte pieces of a matrix of 16-bit elements lie in shared memory. Pieces
 * lie along k, or along the other dimension if the matrix is transposed; eight pieces, at neighbouring rows, are 128
 * bytes in one block without swizzling, and a row of {@code width} bytes each with it.
 *
 * @param start of the matrix, in bytes
 * @param leading distance, in bytes: along k without swizzling; of transposed matrices along the other dimension
 * @param stride distance of groups of eight rows, in bytes
 * @param base which of the rows of the swizzling pattern is the first
 * @param width of a swizzled row in bytes, 32, 64 or 128; 16 for none
 */
record SharedTile(int start, int leading, int stride, int base, int width) {
    private static final int ADDRESS = 0x3FFFF;
    private static final int[] WIDTHS = {16, 128, 64, 32};

    static SharedTile of(long descriptor) {
        return new SharedTile((int) (descriptor & 0x3FFF) << 4, (int) (descriptor >>> 16 & 0x3FFF) << 4,
                (int) (descriptor >>> 32 & 0x3FFF) << 4, (int) (descriptor >>> 49 & 7),
                WIDTHS[(int) (descriptor >>> 62)]);
    }

    /** Of eight elements along k. */
    int alongK(int row, int piece) {
        int at = row / 8 * stride;
        return width == 16 ? swizzled(at + row % 8 * 16 + piece * leading)
                : swizzled(at + row % 8 * width + piece * 16);
    }

    /** Of eight elements across k, of a transposed matrix. */
    int acrossK(int piece, int k) {
        if (width == 16) {
            return swizzled(piece * stride + k % 8 * 16 + k / 8 * leading);
        }
        int perRow = width / 16;
        return swizzled(piece % perRow * 16 + piece / perRow * leading + k % 8 * width + k / 8 * stride);
    }

    private int swizzled(int offset) {
        int address = start + offset & ADDRESS;
        int row = (address >> 7) - base & width / 16 - 1;
        return address ^ row << 4;
    }
}
