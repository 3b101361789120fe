package io.penstock.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A weight [rows, k] of bfloat16 as images of tiles: [tile of rows][tile of k], 64 by 64 each, an even number of tiles
 * of rows. A tile is what tensor cores read in shared memory, so that a kernel copies it as it is:
 *
 * <pre>
 *   row r of the tile: 128 bytes from 128 r on, in eight chunks of 16; chunk c lies at place c XOR (r AND 7)
 * </pre>
 *
 * What no row or column of the weight fills is zero. A band is all tiles of the same 64 rows, which lie together.
 */
public final class WeightTiles {
    /** Rows of a tile, and its width. */
    public static final int SIDE = 64;

    /** Bytes of a tile. */
    public static final int BYTES = SIDE * SIDE * Short.BYTES;

    private static final int ROW_BYTES = SIDE * Short.BYTES;
    private static final int CHUNK_BYTES = 16;
    private static final int CHUNKS = ROW_BYTES / CHUNK_BYTES;

    private WeightTiles() {}

    /** Bands of a matrix. */
    public static int rowTiles(int numRows) {
        return 2 * Math.ceilDiv(numRows, 2 * SIDE);
    }

    /** Tiles of a band. */
    public static int kTiles(int k) {
        return Math.ceilDiv(k, SIDE);
    }

    /** Where in a matrix, in bytes, the eight values from {@code column}, a multiple of 8, on lie. */
    public static long offsetBytes(int row, int column, int k) {
        long tile = (long) (row / SIDE) * kTiles(k) + column / SIDE;
        int chunk = column % SIDE / (CHUNK_BYTES / Short.BYTES);
        return tile * BYTES + row % SIDE * ROW_BYTES + (chunk ^ row % CHUNKS) * CHUNK_BYTES;
    }

    /**
     * Writes a band.
     *
     * @param rows up to 64 rows of k values, row-major; zeros take the place of those that are not there
     * @param k a multiple of 8
     */
    public static void writeBand(MemorySegment rows, int numRows, int k, MemorySegment into, long offsetBytes) {
        into.asSlice(offsetBytes, (long) BYTES * kTiles(k)).fill((byte) 0);
        int chunksPerRow = k * Short.BYTES / CHUNK_BYTES;
        for (int row = 0; row < numRows; row++) {
            long from = (long) row * k * Short.BYTES;
            long to = offsetBytes + row * ROW_BYTES;
            for (int chunk = 0; chunk < chunksPerRow; chunk++) {
                long place = to + (long) (chunk / CHUNKS) * BYTES + (chunk % CHUNKS ^ row % CHUNKS) * CHUNK_BYTES;
                copyLong(rows, from, into, place);
                copyLong(rows, from + Long.BYTES, into, place + Long.BYTES);
                from += CHUNK_BYTES;
            }
        }
    }

    private static void copyLong(MemorySegment from, long fromBytes, MemorySegment to, long toBytes) {
        to.set(ValueLayout.JAVA_LONG_UNALIGNED, toBytes, from.get(ValueLayout.JAVA_LONG_UNALIGNED, fromBytes));
    }
}
