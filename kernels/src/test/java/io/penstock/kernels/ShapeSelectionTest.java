package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.LaunchShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Launch shapes are pure functions of sizes, and cover all of the output. */
class ShapeSelectionTest {
    @ParameterizedTest
    @CsvSource({
        "1, 2048, M16", "16, 128000, M16", "17, 2048, M64", "64, 3072, M64", "128, 6144, M64", "129, 2048, M64",
        "256, 8448, M128", "2048, 2048, M128", "512, 2048, M64", "128, 16896, M128", "8192, 32, M64"
    })
    void linearTile(int numRows, int numColumns, LinearTile tile) {
        assertEquals(tile, LinearTile.select(numRows, numColumns, 132));
    }

    @Test
    void linearGridsCoverTheOutput() {
        for (LinearTile tile : LinearTile.values()) {
            for (int n = 1; n < 400; n += 7) {
                int rows = tile == LinearTile.M128 ? 128 : tile == LinearTile.M64 ? 64 : 16;
                int columns = tile == LinearTile.M128 ? 128 : 64;
                assertEquals((n + rows - 1) / rows, tile.gridX(n));
                assertEquals((n + columns - 1) / columns, tile.gridY(n));
            }
            assertTrue(tile.sharedBytes() <= 99 * 1024, "a block of compute capability 8.9 has 99 KiB");
        }
    }

    @Test
    void warpRows() {
        WarpRows rows = new WarpRows();
        int[] numRows = {1, 4, 5, 63, 64, 65, 8192};
        int[] blocks = {1, 1, 2, 16, 6, 6, 683};
        for (int i = 0; i < numRows.length; i++) {
            LaunchShape shape = rows.shape(numRows[i]);
            assertEquals(blocks[i], shape.gridX(), numRows[i] + " rows");
            assertEquals(WarpRows.warps(numRows[i]) * 32, shape.blockX(), numRows[i] + " rows");
        }
    }

    @Test
    void otherGrids() {
        assertEquals(1, AddKernel.blocks(512));
        assertEquals(2, AddKernel.blocks(513));
        assertEquals(7, SiluAndMulKernel.blocks(7168, 2));
        assertEquals(14, SiluAndMulKernel.blocks(7168, 4));
        assertEquals(2, SiluAndMulKernel.blocks(1792, 2));
        assertEquals(33, QkNormRopeStoreKernel.blocks(65));
        assertEquals(2, ShortConvKernel.tokenBlocks(129));
        assertEquals(32, ShortConvKernel.channelBlocks(2048));
        assertEquals(2, ShortConvKernel.channelBlocks(72));
    }

    @Test
    void tileImageIsAPermutation() {
        boolean[] taken = new boolean[64 * 64];
        for (int token = 0; token < 64; token++) {
            for (int dim = 0; dim < 64; dim++) {
                int at = QkNormRopeStoreKernel.tileOffset(token, dim);
                assertEquals(token, at / 64, "a token's row stays in place");
                assertTrue(!taken[at], "token " + token + ", dim " + dim);
                taken[at] = true;
            }
        }
        assertEquals(8, QkNormRopeStoreKernel.tileOffset(0, 8));
        assertEquals(64, QkNormRopeStoreKernel.tileOffset(1, 8));
    }

    @Test
    void sizesThatKernelsCannotTakeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> OperationKernel.requireVectors("hidden", 2052));
        assertThrows(IllegalArgumentException.class, () -> OperationKernel.requireVectors("hidden", 0));
        assertThrows(IllegalArgumentException.class, () -> WarpRows.requireColumns(2056));
        assertEquals(2048, WarpRows.requireColumns(2048));
    }
}
